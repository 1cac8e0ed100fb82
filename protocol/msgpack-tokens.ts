/*
 * How single tokens of msgpack are read (https://github.com/msgpack/msgpack/blob/master/spec.md), of bytes that a peer
 * has sent: any of them may be missing or wrong.
 */

/** @param size 1, 2 or 4 bytes. */
export function lengthAt(bytes: Buffer, at: number, size: number): number {
  if (at + size > bytes.length) throw cutShort();
  let length = bytes[at] as number;
  for (let n = 1; n < size; n++) length = length * 0x100 + (bytes[at + n] as number);
  return length;
}

/** Where the characters of a string begin; they need not be there. @throws Error where there is no string */
export function textAt(bytes: Buffer, at: number): number {
  if (at >= bytes.length) throw cutShort();
  const token = bytes[at] as number;
  if (token >= 0xa0 && token < 0xc0) return at + 1;
  if (token >= 0xd9 && token <= 0xdb) return at + 1 + (1 << (token - 0xd9));
  throw new Error(`byte ${at}: a string is expected`);
}

/** In bytes, of a string that `textAt` has found. */
export function textLength(bytes: Buffer, at: number): number {
  const token = bytes[at] as number;
  return token < 0xc0 ? token & 0x1f : lengthAt(bytes, at + 1, 1 << (token - 0xd9));
}

/** Its values need not be there. @throws Error where there is no array */
export function arrayLength(bytes: Buffer, at: number): number {
  if (at >= bytes.length) throw cutShort();
  const token = bytes[at] as number;
  if (token >= 0x90 && token < 0xa0) return token & 0x0f;
  if (token !== 0xdc && token !== 0xdd) throw new Error(`byte ${at}: an array is expected`);
  return lengthAt(bytes, at + 1, token === 0xdc ? 2 : 4);
}

/** Where the first value of an array is that `arrayLength` has found. */
export function afterArrayHeader(bytes: Buffer, at: number): number {
  const token = bytes[at];
  return at + (token === 0xdc ? 3 : token === 0xdd ? 5 : 1);
}

export function cutShort(): Error {
  return new Error('the value is cut short');
}

export function unexpected(bytes: Buffer, at: number): Error {
  return new Error(`byte ${at}: ${bytes.toString('hex', at, at + 3)} is nothing that msgpack() writes`);
}
