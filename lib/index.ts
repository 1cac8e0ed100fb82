export { cluster as default } from './builder.js';
export * from './exports.js';
