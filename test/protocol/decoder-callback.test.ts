import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decoder } from '../../protocol/decoder.js';
import { hex } from '../fixtures/frames-hex.js';

const heartbeat = hex(`02 00 10 00  00 00 00 00 00 00 00 05  00 00 00 00  00 00 00 00  00 00 00 00`);
const invoke = hex(`02 00 11 00  00 00 00 00 00 00 00 06  00 00 00 00  00 00 00 01  00 00 00 01  'm' 01`);
const both = Buffer.concat([invoke, heartbeat]);

describe('stop', () => {
  it('from within onFrame: the frames behind it in the chunk are not handed out', () => {
    for (const bytes of [both, Buffer.concat([heartbeat, invoke])]) {
      let calls = 0;
      const decoder: Decoder = new Decoder(() => {
        calls++;
        decoder.stop();
      });
      decoder.push(bytes);
      decoder.push(bytes);
      assert.equal(calls, 1);
      assert.equal(decoder.held, 0);
    }
  });

  it('from within onFrame holds as well where the frame was completed by a later chunk', () => {
    let calls = 0;
    const decoder: Decoder = new Decoder(() => {
      calls++;
      decoder.stop();
    });
    decoder.push(both.subarray(0, 25));
    decoder.push(both.subarray(25));
    assert.equal(calls, 1);
    assert.equal(decoder.held, 0);
  });

  it('drops the part of a header or a body that is held', () => {
    for (const length of [10, 25]) {
      const decoder = new Decoder(() => assert.fail('no frame was complete'));
      decoder.push(invoke.subarray(0, length));
      assert.ok(decoder.held > 0);
      decoder.stop();
      assert.equal(decoder.held, 0);
      decoder.push(invoke.subarray(length));
      decoder.push(Buffer.from('GET / HTTP/1.1'));
      assert.equal(decoder.held, 0);
    }
  });
});

describe('pause', () => {
  it('from within onFrame: push ends behind that frame, says so, and the next one begins there', () => {
    const types: number[] = [];
    const decoder: Decoder = new Decoder(({ type }) => {
      types.push(type);
      decoder.pause();
    });
    assert.equal(decoder.push(both), invoke.length);
    assert.deepEqual(types, [0x11]);
    assert.equal(decoder.push(both.subarray(invoke.length)), heartbeat.length);
    assert.deepEqual(types, [0x11, 0x10]);
  });

  it('holds as well where the frame was completed by a later chunk', () => {
    const decoder: Decoder = new Decoder(() => decoder.pause());
    assert.equal(decoder.push(both.subarray(0, 25)), 25);
    assert.equal(decoder.push(both.subarray(25)), invoke.length - 25);
  });

  it('before push does not count', () => {
    let calls = 0;
    const decoder = new Decoder(() => calls++);
    decoder.pause();
    assert.equal(decoder.push(both), both.length);
    assert.equal(calls, 2);
  });

  it('of one that is stopped leaves nothing to be pushed again', () => {
    const decoder: Decoder = new Decoder(() => {
      decoder.pause();
      decoder.stop();
    });
    assert.equal(decoder.push(both), both.length);
    assert.equal(decoder.push(both), both.length);
  });
});

describe('an error thrown by onFrame', () => {
  it('comes through push as it is and stops the decoder', () => {
    for (const chunks of [[both], [both.subarray(0, 25), both.subarray(25)], [heartbeat]]) {
      const thrown = new Error('from the handler');
      let calls = 0;
      const decoder = new Decoder(() => {
        calls++;
        throw thrown;
      });
      const push = () => {
        for (const chunk of chunks) decoder.push(chunk);
      };
      assert.throws(push, (error) => error === thrown);
      decoder.push(both);
      assert.equal(calls, 1);
      assert.equal(decoder.held, 0);
    }
  });
});
