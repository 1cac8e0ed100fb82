import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BusyMap } from '../../lib/busy-map.js';

it('a busy map is as a Map over any operations', () => {
  const operation = fc.tuple(fc.constantFrom('set', 'set', 'delete', 'clear'), fc.nat(9));
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const busy = new BusyMap<number, number>();
      const map = new Map<number, number>();
      for (const [n, [kind, key]] of operations.entries()) {
        if (kind === 'set') {
          busy.set(key, n);
          map.set(key, n);
        } else if (kind === 'delete') {
          assert.equal(busy.delete(key), map.delete(key));
        } else {
          busy.clear();
          map.clear();
        }
        assert.equal(busy.get(key), map.get(key));
        assert.equal(busy.has(key), map.has(key));
        assert.equal(busy.size, map.size);
        assert.deepEqual([...busy.values()], [...map.values()]);
      }
    }),
  );
});

it('a busy map keeps its entries and their order when they move, be they few or many', () => {
  for (const count of [3, 5_000]) {
    const busy = new BusyMap<number, number>();
    for (let n = 0; n < count; n++) busy.set(n, n);
    for (let n = 0; n < 10_000; n++) {
      busy.set(-1, n);
      assert.equal(busy.delete(-1), true);
    }
    assert.deepEqual(
      [...busy.values()],
      Array.from({ length: count }, (_, n) => n),
    );
  }
});
