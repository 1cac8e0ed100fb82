// Asks one question of all contenders: in each round each has its turn, so that drift of the machine hits all alike.
import { Stage } from './stage.js';

/**
 * @param question `{ name, scenes }`; a scene is `{ entrants, followers, settings, cases, prepare, measure, isLong }`.
 *   An entrant is a contender's name, or `{ name, contender, from, settings, followers }`, without `contender` where
 *   it needs no processes. `measure({ stage, entrant, test, scale, round })` returns `{ figure: number }`.
 * @param options `scale` shortens what a round does, `only` names entrants, `isQuick` leaves out what is long.
 * @returns `{ samples, failures }`, samples by case, entrant and figure: an array with a number for each round.
 */
export async function ask(question, options) {
  const samples = {};
  const failures = [];
  for (const scene of question.scenes) {
    if (options.isQuick && scene.isLong) continue;
    const entrants = scene.entrants
      .map((entrant) => (typeof entrant === 'string' ? { name: entrant, contender: entrant } : entrant))
      .filter(
        ({ name, isLong }) => (!options.only || options.only.includes(name)) && !(options.isQuick && isLong),
      );
    if (entrants.length === 0) continue;
    process.stderr.write(
      `${question.name}: ${scene.name ?? scene.cases.map(({ name }) => name).join('; ')} `,
    );
    const from = performance.now();
    await play(scene, entrants, { ...options, samples, failures });
    process.stderr.write(` ${((performance.now() - from) / 1_000).toFixed(0)} s\n`);
  }
  return { samples, failures };
}

async function play(scene, entrants, { rounds, scale, isQuick, samples, failures }) {
  const stages = new Map();
  const fail = async (entrant, error) => {
    failures.push(`${entrant.name}: ${error.message}`);
    entrants.splice(entrants.indexOf(entrant), 1);
    await stages.get(entrant.name)?.close();
    stages.delete(entrant.name);
  };
  const cases = scene.cases.filter(({ isLong }) => !(isQuick && isLong));
  try {
    for (const entrant of [...entrants]) {
      try {
        if (entrant.contender)
          stages.set(entrant.name, await Stage.open(entrant.contender, { ...scene, ...entrant }));
        await scene.prepare?.(stages.get(entrant.name), entrant);
      } catch (error) {
        await fail(entrant, error);
      }
    }
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const test of cases) {
        for (const entrant of turns(entrants, round)) {
          if (test.without?.includes(entrant.name)) continue;
          try {
            const figures = await scene.measure({
              stage: stages.get(entrant.name),
              entrant,
              test,
              scale,
              round,
            });
            if (round > 0) record(samples, [test.name, entrant.name], figures);
          } catch (error) {
            await fail(entrant, error);
          }
        }
      }
      process.stderr.write('.');
    }
  } finally {
    await Promise.all([...stages.values()].map((stage) => stage.close()));
  }
}

/** Nobody comes after the same one each time. */
function turns(entrants, round) {
  const first = entrants.length === 0 ? 0 : round % entrants.length;
  return [...entrants.slice(first), ...entrants.slice(0, first)];
}

function record(samples, [test, name], figures) {
  samples[test] ??= {};
  samples[test][name] ??= {};
  const kept = samples[test][name];
  for (const [figure, number] of Object.entries(figures)) {
    kept[figure] ??= [];
    kept[figure].push(number);
  }
}
