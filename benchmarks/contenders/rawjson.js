// The same frames, with JSON: what is written by hand in an afternoon.
import { wireContender } from './wire.js';

const json = (value) => Buffer.from(JSON.stringify(value));

export default wireContender({
  encode: ({ value }) => json(value),
  decode: (bytes) => JSON.parse(bytes.toString()),
  again: json,
});
