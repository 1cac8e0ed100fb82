import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Publications } from '../../lib/publications.js';

const keys = (publications: Publications) => publications.again().map(({ key }) => key);

describe('publications', () => {
  it('keep each key once, the latest of two, after what was published in between', () => {
    const publications = new Publications();
    publications.add('a', 1);
    publications.add('b', 2);
    publications.add('a', 3);
    assert.deepEqual(
      publications.again().map(({ key, reg }) => [key, reg]),
      [
        ['b', 2],
        ['a', 3],
      ],
    );
    assert.equal(publications.size, 2);
  });

  it('come in the order in which they were acknowledged: by epoch, then by sequence', () => {
    const publications = new Publications();
    for (const [key, epoch, sequence] of [
      ['third', 2, 1],
      ['second', 1, 10],
      ['fourth', 2, 9],
      ['first', 1, 9],
    ] as const) {
      publications.add(key, key).acknowledged({ epoch, sequence });
    }
    assert.deepEqual(keys(publications), ['first', 'second', 'third', 'fourth']);
  });

  it('that were not acknowledged come last, in the order of publishing', () => {
    const publications = new Publications();
    for (const key of ['x', 'y']) publications.add(key, key);
    publications.add('known', 'known').acknowledged({ epoch: 5, sequence: 1 });
    publications.add('z', 'z');
    assert.deepEqual(keys(publications), ['known', 'x', 'y', 'z']);
  });

  it('that are made again are not acknowledged any more', () => {
    const publications = new Publications();
    publications.add('a', 1).acknowledged({ epoch: 1, sequence: 1 });
    publications.add('b', 1).acknowledged({ epoch: 1, sequence: 2 });
    publications.add('a', 2);
    assert.deepEqual(keys(publications), ['b', 'a']);
    assert.deepEqual(publications.again()[1]?.rank, { epoch: 0, sequence: 0 });
  });

  it('are pending until the leader has answered, be it with a refusal, and again for the next leader', () => {
    const publications = new Publications();
    assert.equal(publications.pending, 0);
    const [first, second] = [publications.add('a', 1), publications.add('b', 2)];
    assert.equal(publications.pending, 2);
    first.acknowledged({ epoch: 1, sequence: 1 });
    assert.deepEqual([publications.pending, first.isPending, second.isPending], [1, false, true]);
    second.failed();
    assert.equal(publications.pending, 0);
    assert.deepEqual(keys(publications), ['a', 'b']);
    assert.equal(publications.pending, 2);
  });

  it('that were refused keep the rank that they had, or none', () => {
    const publications = new Publications();
    const [never, once] = [publications.add('never', 1), publications.add('once', 2)];
    never.failed();
    once.acknowledged({ epoch: 3, sequence: 4 });
    once.failed();
    assert.deepEqual([never.rank.epoch, once.rank], [0, { epoch: 3, sequence: 4 }]);
    assert.deepEqual(keys(publications), ['once', 'never']);
  });

  it('that are made again do not count for the one that they replace', () => {
    const publications = new Publications();
    const replaced = publications.add('a', 1);
    publications.add('a', 2);
    assert.equal(publications.pending, 1);
    replaced.acknowledged({ epoch: 1, sequence: 1 });
    assert.deepEqual([publications.pending, publications.again()[0]?.rank.epoch], [1, 0]);
  });

  it('are forgotten by clear', () => {
    const publications = new Publications();
    publications.add('a', 1);
    publications.clear();
    assert.deepEqual([publications.size, publications.again()], [0, []]);
  });
});
