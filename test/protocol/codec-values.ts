/** Named values for the tests of codecs. */

/** What msgpack and v8 both keep exactly, by design.md "Values". */
export const kept: [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['booleans', [true, false]],
  ['NaN and infinities', [NaN, Infinity, -Infinity]],
  ['doubles', [0.1, -0.1, 1e21, 5e-324, 2.5, Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, -1e-7]],
  ['integers at 8 bits', [31, 32, 63, 64, 127, 128, 255, 256, -1, -32, -33, -128, -129]],
  ['integers at 16 and 32 bits', [65535, 65536, -32768, -32769, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1]],
  [
    'integers above 32 bits',
    [2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 2 ** 63, 2 ** 64, 2 ** 70],
  ],
  ['small BigInts', [0n, 1n, -1n, 32n, -33n]],
  ['BigInts at 64 bits', [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)]],
  [
    'BigInts above 64 bits',
    [2n ** 64n, -(2n ** 63n) - 1n, -(2n ** 64n), 2n ** 127n, -(2n ** 128n), 3n ** 500n],
  ],
  [
    'strings at the lengths of headers',
    [0, 15, 16, 31, 32, 63, 64, 255, 256, 65535, 65536].map((n) => 'x'.repeat(n)),
  ],
  [
    'strings of every width',
    ['é', '€', '😀', 'é'.repeat(20), '€'.repeat(40), '😀'.repeat(90), '\u0000', '\uffff'],
  ],
  [
    'dates',
    [0, 1, 999, 1700000000123, -1, -62135596800001, 8.64e15, -8.64e15, 4294967296000].map((t) => new Date(t)),
  ],
  ['regular expressions', [/a+/, /[/\]"]\n/dgimsuy, /(?:)/, /é😀/u]],
  [
    'maps',
    new Map<unknown, unknown>([
      [1, 'a'],
      ['1', 'b'],
      [NaN, 'c'],
      [{ x: 1 }, new Map()],
      [undefined, undefined],
    ]),
  ],
  ['sets', new Set<unknown>([1, '1', NaN, undefined, { x: 1 }, new Set([[]])])],
  ['a map with a key __proto__', new Map([['__proto__', 1]])],
  ['a Buffer as a whole', Buffer.from('bytes')],
  ['nested Buffers', { empty: Buffer.alloc(0), list: [Buffer.from([0, 255])], long: Buffer.alloc(70000, 7) }],
  ['ArrayBuffers', [new ArrayBuffer(0), Uint8Array.of(1, 2, 3).buffer]],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer, 1)],
  ['an Uint8Array', Uint8Array.of(0, 255)],
  ['an Uint8ClampedArray', Uint8ClampedArray.of(0, 255)],
  ['an Int8Array', Int8Array.of(-128, 127)],
  ['an Uint16Array', Uint16Array.of(0, 65535)],
  ['an Int16Array', Int16Array.of(-32768, 32767)],
  ['an Uint32Array', Uint32Array.of(0, 4294967295)],
  ['an Int32Array', Int32Array.of(-2147483648, 2147483647)],
  ['a Float32Array', Float32Array.of(-0, 0.5, NaN, Infinity)],
  ['a Float64Array', Float64Array.of(-0, 0.1, NaN, -Infinity)],
  ['a BigInt64Array', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
  ['a BigUint64Array', BigUint64Array.of(0n, 2n ** 64n - 1n)],
  [
    'empty and unaligned typed arrays',
    ['a', new Float64Array(0), 'bc', Float64Array.of(1), new Uint8Array(0)],
  ],
  ['empty containers', [{}, [], new Map(), new Set(), '']],
  ['undefined in an object and an array', { a: undefined, b: [undefined] }],
  [
    'keys of every kind',
    { '': 1, '0': 2, 'a b': 3, é: 4, toString: 5, constructor: 6, hasOwnProperty: 7, length: 8 },
  ],
  ['more than 64 shapes of objects', Array.from({ length: 200 }, (_, n) => ({ [`key${n % 90}`]: n, n }))],
  ['an object of many keys', Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`k${n}`, n]))],
  [
    'arrays at the lengths of headers',
    [15, 16, 65535, 65536].map((length) => Array.from({ length }, () => 1)),
  ],
];
