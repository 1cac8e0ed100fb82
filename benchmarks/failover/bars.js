// What 4.x has to reach, given the medians and worst of both contenders; `theirs` is missing with --only ours.

export const atMost = (limit) => ({
  text: `median <= ${limit}`,
  met: (ours) => ours.median <= limit,
});

/** For what is counted: 1 a round, or 0. */
export const every = {
  text: 'every round',
  met: (ours) => ours.sum === ours.rounds,
};
