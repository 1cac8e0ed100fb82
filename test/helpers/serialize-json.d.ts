/** The codec of cluster-client 3.x; it ships no types. */
declare module 'serialize-json' {
  const codec: { encode(value: unknown): Buffer; decode(bytes: Buffer): unknown };
  export default codec;
}
