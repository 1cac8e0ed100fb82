// The limit of loopback TCP: frames of ready-made bytes, nothing encoded or decoded.
import { wireContender } from './wire.js';

export default wireContender({
  encode: ({ bytes }) => bytes,
  decode: (bytes) => bytes,
  again: (bytes) => bytes,
});
