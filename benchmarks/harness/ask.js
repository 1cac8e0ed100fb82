// Asks one question of all contenders: in each round each has its turn, so that drift of the machine hits all alike.
import { Stage } from './stage.js';

/** How much of a round's work those do at least that do not count, so that the compiler has done its own. */
const LEAST_WARMING = 0.25;

/**
 * @param question `{ name, scenes }`; a scene is `{ entrants, followers, settings, warmUps, cases, prepare, measure, end }`,
 *   `warmUps` how many rounds are played before those that count, 1 by default. An entrant is a contender's name, or
 *   `{ name, contender, from, settings }`, without `contender` where it needs no processes.
 *   `measure({ stage, entrant, test, scale, round })` returns `{ figure: number }`.
 * @param options `scale` shortens what a round does, `only` names entrants, `isQuick` leaves out what `isLong` and plays
 *   no more than one round that does not count.
 * @returns `{ samples, failures }`, samples by case, entrant and figure: an array with a number for each round.
 */
export async function ask(question, { isQuick, only, rounds, scale }) {
  const samples = {};
  const failures = [];
  const isLeftOut = ({ isLong }) => isQuick && isLong;
  for (const scene of question.scenes) {
    const entrants = scene.entrants
      .map((entrant) => (typeof entrant === 'string' ? { name: entrant, contender: entrant } : entrant))
      .filter((entrant) => (!only || only.includes(entrant.name)) && !isLeftOut(entrant));
    if (entrants.length === 0 || isLeftOut(scene)) continue;
    const cases = scene.cases.filter((test) => !isLeftOut(test));
    process.stderr.write(`${question.name}: ${cases.map(({ name }) => name).join('; ')} `);
    const from = performance.now();
    await new Play({ ...scene, cases }, entrants, { samples, failures }).run(
      rounds,
      scale,
      isQuick ? 1 : Infinity,
    );
    process.stderr.write(` ${((performance.now() - from) / 1_000).toFixed(0)} s\n`);
  }
  return { samples, failures };
}

class Play {
  #scene;
  /** Those that have not failed. */
  #entrants;
  #samples;
  #failures;
  #stages = new Map();

  constructor(scene, entrants, { samples, failures }) {
    this.#scene = scene;
    this.#entrants = entrants;
    this.#samples = samples;
    this.#failures = failures;
  }

  async run(rounds, scale, mostWarmUps) {
    // In this order they are shown, whoever's turn comes first.
    for (const { name } of this.#scene.cases) {
      this.#samples[name] = Object.fromEntries(this.#entrants.map((entrant) => [entrant.name, {}]));
    }
    try {
      await Promise.all(this.#entrants.map((entrant) => this.#try(entrant, () => this.#open(entrant))));
      const warmUps = Math.min(this.#scene.warmUps ?? 1, mostWarmUps);
      for (let round = 1 - warmUps; round <= rounds; round += 1) {
        await this.#round(round, round <= 0 ? Math.max(scale, LEAST_WARMING) : scale);
        process.stderr.write('.');
      }
    } finally {
      await Promise.all([...this.#stages.values()].map((stage) => stage.close()));
      await this.#scene.end?.();
    }
  }

  async #open(entrant) {
    if (entrant.contender) {
      this.#stages.set(entrant.name, await Stage.open(entrant.contender, { ...this.#scene, ...entrant }));
    }
    await this.#scene.prepare?.(this.#stages.get(entrant.name), entrant);
  }

  async #round(round, scale) {
    for (const test of this.#scene.cases) {
      for (const entrant of turns(this.#entrants, round)) {
        await this.#try(entrant, async () => {
          const stage = this.#stages.get(entrant.name);
          const figures = await this.#scene.measure({ stage, entrant, test, scale, round });
          if (round > 0) record(this.#samples[test.name][entrant.name], figures);
        });
      }
    }
  }

  /** One that fails is out; the others go on. */
  async #try(entrant, act) {
    try {
      await act();
    } catch (error) {
      this.#failures.push(`${entrant.name}: ${error.message}`);
      this.#entrants = this.#entrants.filter((other) => other !== entrant);
      await this.#stages.get(entrant.name)?.close();
      this.#stages.delete(entrant.name);
    }
  }
}

/** Nobody comes after the same one each time. */
function turns(entrants, round) {
  const first = entrants.length === 0 ? 0 : Math.abs(round) % entrants.length;
  return [...entrants.slice(first), ...entrants.slice(0, first)];
}

function record(kept, figures) {
  for (const [figure, number] of Object.entries(figures)) {
    kept[figure] ??= [];
    kept[figure].push(number);
  }
}
