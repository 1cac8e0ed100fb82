import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import real from 'serialize-json';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import type { LimitOptions } from '../../protocol/limits.js';

const decode = (text: string, limits?: LimitOptions) =>
  serializeJson(limits).decode(Buffer.from(text, 'latin1'));
const tooMany = {
  name: 'RangeError',
  message: /^the value holds more than the \d+ items of option maxItems$/,
};

describe('serialize-json refuses to read', () => {
  const cut = /^the value is cut short$/;
  const malformed: [what: string, text: string, message: RegExp][] = [
    ['one part', 'a', /^1 of the five parts are there$/],
    ['four parts', 'a^^^', /^4 of the five parts are there$/],
    ['no value', '^^^^', cut],
    ['a sixth part', '^^^^-1^', /^1 bytes follow the value$/],
    ['two values', '^^^^-1|-1', /^3 bytes follow the value$/],
    ['an empty string in the dictionary', 'a|^^^^0', /^byte 2: an empty string in the dictionary$/],
    ['an empty integer', '^1|^^^0', /^byte 3: not an integer$/],
    ['a minus alone', '^-^^^0', /^byte 1: not an integer$/],
    ['two of them', '^--1^^^0', /^byte 2: not a digit$/],
    ['an integer in lower case', '^a^^^0', /^byte 1: not a digit$/],
    ['an integer with a point', '^1.5^^^0', /^byte 2: not a digit$/],
    ['an integer of 201 digits', `^${'1'.repeat(201)}^^^0`, /^byte 1: not an integer$/],
    ['a float that is text', '^^one^^0', /^byte 2: not a number$/],
    ['an empty float', '^^1.5|^^0', /^byte 6: not a number$/],
    ['a hexadecimal float', '^^0x10^^0', /^byte 2: not a number$/],
    ['a float of 33 characters', `^^1.${'1'.repeat(31)}^^0`, /^byte 2: not a number$/],
    ['a date that is none', '^^^NOW!^0', /^byte 6: not a digit$/],
    ['an index beyond the dictionary', 'a^1^^^2', /^byte 6: the dictionary has no such entry$/],
    ['an index of many digits', `a^^^^${'Z'.repeat(500)}`, /^byte 5: the dictionary has no such entry$/],
    ['an index without a dictionary', '^^^^0', /^byte 4: the dictionary has no such entry$/],
    ['constant 6', '^^^^-6', /^byte 4: no such constant$/],
    ['constant 0', 'a^^^^-0', /^byte 5: no such constant$/],
    ['a constant of two digits', '^^^^-11', /^byte 4: no such constant$/],
    ['a minus for a value', '^^^^-', cut],
    ['a bar for a value', '^^^^@|]', /^byte 5: a value is expected$/],
    ['a bar behind the last value', '^^^^@-1|]', /^byte 8: a value is expected$/],
    ['an end for a value', '^^^^]', /^byte 4: a value is expected$/],
    ['an unknown container', '^^^^!]', /^byte 4: a value is expected$/],
    ['an array without an end', '^^^^@-1', cut],
    ['an array that goes on to nothing', '^^^^@-1|', cut],
    ['containers with nothing between them', '^^^^@@]@]]', /^byte 7: \| or \] is expected$/],
    ['an object without an end', 'a^^^^$0|0', cut],
    ['a key without a value', 'a^^^^$0]', /^byte 7: a key without a value$/],
    ['a number for a key', '^1^^^$0|0]', /^byte 6: a key that is no string$/],
    ['a date for a key', '^^^1^$0|0]', /^byte 6: a key that is no string$/],
    ['null for a key', '^^^^$-3|-3]', /^byte 5: a key that is no string$/],
    ['a container for a key', '^^^^$@]|-1]', /^byte 5: a value is expected$/],
    ['an error without an end', '^^^^#', cut],
    ['a Buffer without an end', '^1^^^*0|0', cut],
    ['a Buffer of a string', 'a^^^^*0]', /^byte 6: not a byte of a Buffer$/],
    ['a Buffer of 256', '^74^^^*0]', /^byte 7: not a byte of a Buffer$/],
    ['a Buffer of -1', '^-1^^^*0]', /^byte 7: not a byte of a Buffer$/],
    ['a Buffer of a half', '^^0.5^^*0]', /^byte 8: not a byte of a Buffer$/],
    ['a Buffer of true', '^^^^*-1]', /^byte 5: not a byte of a Buffer$/],
    ['a Buffer of arrays', '^^^^*@]]', /^byte 5: a value is expected$/],
  ];
  for (const [what, text, message] of malformed) {
    it(what, () => assert.throws(() => decode(text), { name: 'Error', message }));
  }

  it('a value of each length but the whole', () => {
    const whole = real.encode([{ a: [1, 'b', 0.5, new Date(1), Buffer.of(1, 2)] }, new Error('e'), null]);
    for (let length = 1; length < whole.length; length++) {
      assert.throws(() => serializeJson().decode(whole.subarray(0, length)), Error, `${length} bytes`);
    }
  });
});

describe('serialize-json reads', () => {
  it('no bytes as undefined', () => assert.equal(serializeJson().decode(Buffer.alloc(0)), undefined));

  it('a percent sign that stands for nothing as it is', () => {
    assert.equal(decode('%41%^^^^0'), '%41%');
  });

  it('bytes that are not UTF-8 as U+FFFD, and the bar behind them', () => {
    assert.deepEqual(decode('\xc3|\xff^^^^@0|1]'), ['\ufffd', '\ufffd']);
  });

  it('a key twice: the last value counts', () => {
    assert.deepEqual(decode('a^1|2^^^$0|1|0|2]'), { a: 2 });
  });

  it('keys of Object.prototype where that is frozen', () => {
    // In place of freezing it for all tests.
    Object.defineProperty(Object.prototype, 'frozen', { value: 0, writable: false, configurable: true });
    try {
      assert.deepEqual(Object.entries(decode('frozen|toString^1^^^$0|2|1|2]') as object), [
        ['frozen', 1],
        ['toString', 1],
      ]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'frozen');
    }
  });

  it('an error whose message is no string', () => {
    const error = decode('message|toString^1^^^#0|$1|2]]') as Error;
    assert.ok(error instanceof Error);
    assert.deepEqual(error.message, { toString: 1 });
  });

  it('a long string that is shared as one', () => {
    const text = `${'x'.repeat(1_000_000)}^^^^@${'0|'.repeat(99_999)}0]`;
    assert.equal((decode(text) as string[]).length, 100_000);
  });
});

describe('serialize-json counts', () => {
  const most = (count: number, one: string, dictionary: string) => {
    const list = (length: number) => `${dictionary}^@${Array<string>(length).fill(one).join('|')}]`;
    assert.equal((decode(list(count), { maxItems: 10_000 }) as unknown[]).length, count);
    assert.throws(() => decode(list(count + 1), { maxItems: 10_000 }), tooMany);
  };

  it('a Date for 3, a Buffer for 5, an error for 129, anything else for 1', () => {
    most(9999, '0', 'a^^^');
    most(9999, '$]', '^^^');
    most(3333, '0', '^^^1');
    most(1999, '*]', '^^^');
    most(77, '#]', '^^^');
  });

  it('a Buffer for one more every 4 bytes', () => {
    most(9, `*${'0|'.repeat(4379)}0]`, '^1^^');
  });

  it('what a dictionary has and no value needs', () => {
    const entries = (count: number, one: string) => Array<string>(count).fill(one).join('|');
    for (const [dictionary, count] of [
      [(length: number) => `${entries(length, 'a')}^^^`, 20],
      [(length: number) => `^${entries(length, '1')}^^`, 40],
      [(length: number) => `^^${entries(length, '1.5')}^`, 10],
      [(length: number) => `^^^${entries(length, '1')}`, 10],
    ] as const) {
      assert.equal(decode(`${dictionary(count)}^-1`, { maxItems: 10 }), true);
      assert.throws(() => decode(`${dictionary(count + 1)}^-1`, { maxItems: 10 }), tooMany);
    }
  });

  it('a value that the package has written without equal entries', () => {
    const limits = { maxItems: 1000 };
    const object = Object.fromEntries(Array.from({ length: 999 }, (_, n) => [`k${n}`, `v${n}`]));
    assert.deepEqual(serializeJson(limits).decode(real.encode(object)), object);
    const bytes = Buffer.alloc(3980, 1);
    assert.deepEqual(serializeJson(limits).decode(real.encode(bytes)), bytes);
  });
});

describe('serialize-json takes time in proportion to the bytes', () => {
  const long = 1_000_000;
  const slow: [what: string, text: string][] = [
    ['arrays within each other', `^^^^${'@'.repeat(long)}`],
    ['Buffers without an end', `^^^^@${'*|'.repeat(long)}`],
    ['an integer of many digits', `^${'Z'.repeat(long)}^^^0`],
    ['a float of many digits', `^^${'1'.repeat(long)}^^0`],
    ['an index of many digits', `a^^^^${'0'.repeat(long)}`],
    ['bars', `${'|'.repeat(long)}^^^^0`],
    ['percent signs', `${'%2'.repeat(long)}^^^^0`],
  ];
  for (const [what, text] of slow) {
    it(what, () => {
      const start = process.cpuUsage();
      try {
        decode(text);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
      assert.ok(process.cpuUsage(start).user < 2_000_000);
    });
  }
});
