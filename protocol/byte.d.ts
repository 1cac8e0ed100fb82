/** The part of `byte` (a Java-like ByteBuffer; it ships no types) that this library uses. Big-endian by default. */
declare module 'byte' {
  class ByteBuffer {
    static allocate(capacity: number): ByteBuffer;
    put(bytes: Buffer): this;
    put(byte: number): this;
    putShort(value: number): this;
    putInt(value: number): this;
    putLong(value: number): this;
    /** int32 length, then UTF-8. */
    putString(value: string): this;
    /** A copy of what has been put. */
    array(): Buffer;
  }
  export default ByteBuffer;
}
