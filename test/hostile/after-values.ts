import { msgpack } from '../../protocol/codecs/msgpack.js';
import { Flag, Type } from '../../protocol/constants.js';
import { hex } from '../fixtures/frames-hex.js';
import { DECODE, type Input } from './input.js';
import type { Insider } from './insider.js';
import { bytesOf, noise } from './wire.js';

/*
 * Values by hand, in msgpack as protocol/codecs/msgpack.ts has it: 9n an array of n, d4 72 an object, d6 69 an id on the
 * value that follows, d6 70 a pointer to it.
 */

const KIB = 1024;
/** Numbers whose lowest 64 bits are the same fall into one chain of a Set. */
const EQUAL_HASHES = 20_000;

function done(name: string, expect: string, run: (insider: Insider) => Promise<string>): Input {
  return { name, phase: 'after', expect, run: async (target) => run(await target.join()) };
}

const echoed = (name: string, args: () => Buffer, expect = DECODE, flags = 0) =>
  done(`arguments: ${name}`, expect, (insider) => {
    insider.call({ method: 'echo', args: args(), flags });
    return insider.outcome(1);
  });

const wrong: Input[] = [
  echoed('a number', () => hex('2a')),
  echoed('nil', () => hex('c0')),
  echoed('an object', () => Buffer.from(msgpack().encode({ length: 1, 0: 'a' }))),
  echoed('no bytes at all', () => Buffer.alloc(0)),
  echoed('64 KiB of noise', () => noise(64 * KIB)),
  echoed('byte c1, which msgpack does not have', () => hex('91 c1')),
  echoed('an array that is cut short', () => hex('93 01')),
  echoed('a text that is cut short', () => hex('91 db ff ff ff ff')),
  echoed('bytes behind the value', () => hex('91 01 c0')),
  echoed('an array of 2^32 - 1', () => hex('dd ff ff ff ff')),
  echoed('an array of 2^32 - 1 within another', () => hex('91 dd ff ff ff ff')),
  echoed('a Map of 2^32 - 1', () => hex('91 df ff ff ff ff')),
  echoed('a Buffer of 4 GiB', () => hex('91 c6 ff ff ff ff')),
  echoed('a typed array of 4 GiB', () => hex('91 c9 ff ff ff ff 74 09')),
  echoed('a typed array of one and a half elements', () =>
    hex('91 c7 0d 74 09 00 00 00 00 00 00 00 00 00 00 00 00'),
  ),
  echoed('an extension that there is not', () => hex('91 d4 7e 00')),
  echoed('a pointer to nothing', () => hex('91 d6 70 00 00 00 01')),
  echoed('an object of which no keys are known', () => hex('91 40 01')),
  echoed('an error of class Function', () => hex('91 d4 65 00 93 a8 "Function" a8 "return 1" c0')),
  echoed('an error of class constructor', () => hex('91 d4 65 00 93 ab "constructor" a1 "x" c0')),
  echoed('a pattern that is none', () => hex('91 d4 78 00 92 a1 "(" a0')),
];

const slow: Input[] = [
  echoed('arrays, 10,000 deep', () => Buffer.concat([Buffer.alloc(10_000, 0x91), hex('01')])),
  echoed('arrays, 500,000 deep', () => Buffer.concat([Buffer.alloc(500_000, 0x91), hex('01')])),
  echoed('288 bytes that share 2^21 numbers, and a byte behind', () =>
    Buffer.concat([hex('91'), shared(21), hex('c0')]),
  ),
  echoed('a BigInt of a million bytes', () => Buffer.concat([hex('91 c9 00 0f 42 40 42'), noise(1_000_000)])),
  echoed(`a Set of ${EQUAL_HASHES} numbers with one hash`, () =>
    Buffer.concat([
      hex('91 d4 73 00'),
      msgpack().encode(Array.from({ length: EQUAL_HASHES }, (_, index) => (BigInt(index) << 64n) + 1n)),
    ]),
  ),
  echoed(
    'an object of 5,000 keys',
    () => Buffer.concat([hex('91 d4 72 40 dd 00 00 13 88'), ...numbered(5_000), Buffer.alloc(5_000, 0x01)]),
    'answered',
  ),
];

/** Odd, and allowed. */
const odd: Input[] = [
  echoed('a key __proto__', () => hex('91 d4 72 40 91 a9 "__proto__" 80'), 'answered'),
  echoed('a Map with a key __proto__', () => hex('91 81 a9 "__proto__" d4 72 40 91 a1 "a" 01'), 'answered'),
  echoed(
    'keys constructor and __keys__',
    () => hex('91 d4 72 40 92 ab "constructor" a8 "__keys__" 01 02'),
    'answered',
  ),
  echoed('a circle', () => hex('91 d6 69 00 00 00 01 91 d6 70 00 00 00 01'), 'answered'),
  echoed('256 bytes that share 2^18 numbers', () => Buffer.concat([hex('91'), shared(18)]), 'answered'),
  echoed('64 KiB of noise as a Buffer', () => noise(64 * KIB), 'answered', Flag.raw),
];

const subscribed = (name: string, reg: Buffer, expect = DECODE) =>
  done(`a subscription: ${name}`, expect, (insider) => {
    insider.stranger.send(
      bytesOf({ type: Type.subscribe, connection: Buffer.from('key'), application: reg }),
    );
    return insider.verdict();
  });

const published = (name: string, reg: () => Buffer, expect = DECODE) =>
  done(`a publication: ${name}`, expect, (insider) => {
    insider.stranger.send(
      bytesOf({ type: Type.publish, id: 1, connection: Buffer.alloc(16), application: reg() }),
    );
    return insider.published(1);
  });

const regs: Input[] = [
  subscribed('byte c1', hex('c1')),
  subscribed('no bytes at all', Buffer.alloc(0)),
  subscribed('nil, which is no object', hex('c0'), 'ignored'),
  published('byte c1', () => hex('c1')),
  published('arrays, 10,000 deep', () => Buffer.concat([Buffer.alloc(10_000, 0x91), hex('01')])),
  published('523 bytes that share 2^40 numbers', () => shared(40)),
];

/** An array that holds another one twice, which holds another one twice …: 2^levels numbers in 13 bytes a level. */
function shared(levels: number): Buffer {
  const parts: Buffer[] = [];
  for (let level = 1; level <= levels; level += 1) parts.push(hex('92 d6 69'), uint32(level));
  parts.push(hex('92 01 01'));
  for (let level = levels; level > 0; level -= 1) parts.push(hex('d6 70'), uint32(level));
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Texts of six characters, all different. */
function numbered(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(`\xa6${String(index).padStart(6, '0')}`, 'latin1'),
  );
}

/** A follower that has the secret sends bytes that the codec cannot, or should not, read. */
export const values: readonly Input[] = [...wrong, ...slow, ...odd, ...regs];
