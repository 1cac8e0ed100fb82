import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Kind } from '../../protocol/constants.js';
import { decode as decodeFrame, encode } from '../../protocol/dialects/v2.js';
import type { Frame } from '../../protocol/frame.js';
import { frames } from '../fixtures/frames.js';
import { type FrameFixture, frameOf, hex } from '../fixtures/frames-hex.js';
import { received } from '../helpers/frames.js';

const protocolError = { name: 'ClusterError', code: 'ERR_CLUSTER_PROTOCOL' };

/** Alone and between others in a chunk, which must make no difference. */
function decode(frame: Frame): ReturnType<typeof decodeFrame> {
  try {
    const message = decodeFrame(frame);
    assert.deepEqual(decodeFrame(received(frame)), message);
    return message;
  } catch (error) {
    assert.throws(() => decodeFrame(received(frame)), protocolError);
    throw error;
  }
}

function withConnection({ bytes }: FrameFixture, change: (connection: Buffer) => Buffer): Frame {
  const frame = frameOf(bytes);
  return { ...frame, connection: change(frame.connection) };
}

function fixture(name: string): FrameFixture {
  const found = frames.find((candidate) => candidate.name === name);
  assert.ok(found, name);
  return found;
}

/** The fixture's frame with another connection part. */
function crafted(name: string, connection: string): Frame {
  return withConnection(fixture(name), () => hex(connection));
}

describe('a connection part that is cut short', () => {
  for (const cut of frames.filter(({ required }) => required > 0)) {
    it(`is a protocol error at every length: ${cut.name}`, () => {
      for (let length = 0; length < cut.required; length++) {
        const frame = withConnection(cut, (connection) => connection.subarray(0, length));
        assert.throws(() => decode(frame), protocolError, `${length} of ${cut.required} bytes`);
      }
      const whole = withConnection(cut, (connection) => connection.subarray(0, cut.required));
      assert.doesNotThrow(() => decode(whole));
    });
  }

  it('says in the message which one and where', () => {
    assert.throws(() => decode(crafted('moved', '00 00 00')), {
      message: /moved: 8 bytes expected at 0, 3 there/,
    });
  });
});

describe('fields of a newer peer', () => {
  for (const extended of frames.filter(({ openEnded }) => !openEnded)) {
    it(`are skipped where they follow the known ones: ${extended.name}`, () => {
      const frame = withConnection(extended, (connection) => Buffer.concat([connection, hex('ff 00 ff')]));
      assert.deepEqual(decode(frame), extended.message);
    });
  }
});

describe('types of a newer peer', () => {
  it('are skipped, whatever their parts hold', () => {
    const known = new Set(frames.map(({ bytes }) => bytes[2]));
    const frame = frameOf(fixture('value').bytes);
    for (let type = 0; type < 256; type++) {
      if (!known.has(type)) assert.equal(decode({ ...frame, type }), undefined, `type ${type}`);
    }
  });

  it('and unknown flags do not change a known message', () => {
    for (const { bytes, message } of frames) {
      const frame = frameOf(bytes);
      assert.deepEqual(decode({ ...frame, flags: frame.flags | 0xf0 }), message);
    }
  });
});

describe('fields out of bounds', () => {
  it('a 64-bit number above 2^53 - 1 is a protocol error', () => {
    const body = '00 00 00 00 00 00 00 00';
    assert.throws(() => decode(crafted('publish', `00 20 00 00 00 00 00 00 ${body}`)), protocolError);
    assert.throws(() => decode(crafted('publish', `${body} ff ff ff ff ff ff ff ff`)), protocolError);
  });

  it('a port above 65535 is a protocol error', () => {
    for (const name of ['moved', 'leading']) {
      const frame = crafted(name, `00 00 00 00 00 00 00 01  00 01 00 00  00 00 00 00`);
      assert.throws(() => decode(frame), protocolError);
    }
  });

  it('a string that claims more bytes than there are is a protocol error', () => {
    assert.throws(() => decode(crafted('goodbye', `00 00 00 02 'a'`)), protocolError);
    assert.throws(() => decode(crafted('goodbye', `ff ff ff ff 'a'`)), protocolError);
  });

  it('a string of 64 KiB is read, one byte more is a protocol error', () => {
    const goodbye = (length: number) => {
      const code = Buffer.alloc(4 + length + 4, 'a');
      code.writeUInt32BE(length, 0);
      code.writeUInt32BE(0, 4 + length);
      return decode(withConnection(fixture('goodbye'), () => code));
    };
    assert.deepEqual(goodbye(65536), { type: 'goodbye', code: 'a'.repeat(65536), reason: '' });
    assert.throws(() => goodbye(65537), protocolError);
  });

  it('a list that claims 4096 strings is refused for the missing strings, a longer one for its length', () => {
    const welcome = (count: string) =>
      crafted('welcome', `00 00 00 00 00 00 00 01  00 00 00 01  00 00 00 00  ${count}`);
    assert.throws(() => decode(welcome('00 00 10 00')), { ...protocolError, message: /4 bytes expected/ });
    assert.throws(() => decode(welcome('00 00 10 01')), { ...protocolError, message: /list of 4097/ });
    assert.throws(() => decode(welcome('ff ff ff ff')), { ...protocolError, message: /list of 4294967295/ });
  });

  it('bytes that are not UTF-8 are a protocol error, a U+FFFD that is written as such is none', () => {
    for (const bytes of [`'db' ff`, `c0 80`, `ed a0 80`, `e2 82`])
      assert.throws(() => decode(crafted('unsubscribe', bytes)), { ...protocolError, message: /UTF-8/ });
    assert.deepEqual(decode(crafted('unsubscribe', `'db' ef bf bd`)), {
      type: 'unsubscribe',
      key: 'db\ufffd',
    });
  });

  it('a message of the wrong kind is a protocol error, but for heartbeat, which comes in both', () => {
    for (const { name, bytes } of frames.filter(({ message }) => message.type !== 'heartbeat')) {
      const frame = frameOf(bytes);
      const kind = frame.kind === Kind.request ? Kind.response : Kind.request;
      assert.throws(() => decode({ ...frame, kind }), { ...protocolError, message: /kind/ }, name);
    }
  });

  it('an epoch after which there is none is a protocol error', () => {
    assert.throws(() => decode(crafted('publish', `00 10 00 00 00 00 00 01  00 00 00 00 00 00 00 01`)), {
      ...protocolError,
      message: /epoch/,
    });
  });

  it('a key or a name longer than 64 KiB is a protocol error, and an error at the call that would send it', () => {
    const long = Buffer.alloc(64 * 1024 + 1, 'k');
    const frame = withConnection(fixture('subscribe'), () => long);
    assert.throws(() => decode(frame), { ...protocolError, message: /65537 bytes/ });
    const reg = { bytes: Buffer.alloc(0), raw: true };
    for (const message of [
      { type: 'subscribe', key: String(long), reg },
      { type: 'unsubscribe', key: String(long) },
      { type: 'value', key: String(long), revision: 1, missed: 0, fault: false, value: reg },
      { type: 'invoke', method: String(long), id: 1, timeout: 0, sentAt: 0, oneway: false, args: reg },
    ] as const)
      assert.throws(() => encode(message), { code: 'ERR_CLUSTER_ENCODE', length: 65537, limit: 65536 });
  });

  it('a challenge without a MAC, or with more than four, is a protocol error', () => {
    for (const count of ['00', '05']) {
      const bytes = `02 ${'00 '.repeat(32)} ${count} ${'00 '.repeat(5 * 32)}`;
      assert.throws(() => decode(crafted('challenge', bytes)), protocolError);
    }
  });

  it('a state of parked that this version does not know counts as vacant', () => {
    assert.deepEqual(decode(crafted('parked, nobody leads', '03')), { type: 'parked', state: 'vacant' });
  });
});

it('a frame of version 1 or 3 is a protocol error, even of an unknown type', () => {
  for (const version of [0, 1, 3, 255]) {
    for (const type of [16, 255]) {
      const frame = { ...frameOf(fixture('heartbeat').bytes), version, type };
      assert.throws(() => decode(frame), { ...protocolError, message: /version/ });
    }
  }
});
