/** This process's environment, less what a test runner and the library's own settings would say to programs. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const theirs = /^(NODE_V8_COVERAGE|NODE_TEST_CONTEXT|FORCE_COLOR|(NODE_)?CLUSTER_CLIENT_.*)$/;
  const kept = Object.entries(process.env).filter(([name]) => !theirs.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}
