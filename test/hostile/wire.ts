import { createCipheriv } from 'node:crypto';
import { HEADER_LENGTH, Kind, VERSION_1, VERSION_2 } from '../../protocol/constants.js';
import { changed, EMPTY, encodeHead, type Frame } from '../../protocol/frame.js';

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
  const header = Buffer.from(encodeHead(changed(frame, { connection: EMPTY })));
  header.writeUInt32BE(connectionLength, HEADER_LENGTH - 8);
  header.writeUInt32BE(applicationLength, HEADER_LENGTH - 4);
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
