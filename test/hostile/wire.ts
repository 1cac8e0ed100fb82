import { createCipheriv } from 'node:crypto';
import { HEADER_LENGTH, Kind, VERSION_1, VERSION_2 } from '../../protocol/constants.js';
import { EMPTY, type Frame, writeHeader } from '../../protocol/frame.js';

/** The lengths in the header need not be those of the parts. */
export interface Bent extends Frame {
  connectionLength: number;
  applicationLength: number;
}

/** Any frame, as bytes: what is left out is as in a request of version 2 without content. */
export function bytesOf(given: Partial<Bent>): Buffer {
  const frame = {
    version: VERSION_2,
    kind: Kind.request,
    type: 0,
    flags: 0,
    id: 0,
    timeout: 0,
    connection: EMPTY,
    application: EMPTY,
    ...given,
  };
  const { connection, application } = frame;
  const { connectionLength = connection.length, applicationLength = application.length } = given;
  const header = Buffer.alloc(HEADER_LENGTH);
  writeHeader(header, frame, connectionLength, applicationLength);
  return Buffer.concat([header, connection, application]);
}

/** A frame of 3.x: JSON, or what is none. */
export function versionOne(text: string, more: Partial<Bent> = {}): Buffer {
  return bytesOf({ version: VERSION_1, id: 1, connection: Buffer.from(text), ...more });
}

/** The same ones in each run, and they look like random ones. */
export function noise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length));
}
