import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { V1Follower } from '../../protocol/dialects/v1-follower.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { frameOf, hex } from '../fixtures/frames-hex.js';
import { SERIALIZED, v1Bytes } from '../fixtures/frames-v1.js';

const codec = serializeJson();
const KEY = JSON.stringify('$$inner$$__"db"');
const value = (text: string) => ({ bytes: hex(text), raw: false });

function follower() {
  const sent: Frame[] = [];
  const received: Message[] = [];
  const dialect = new V1Follower(
    {
      send: (frame) => sent.push(frame),
      receive: (message) => received.push(message),
      end: () => assert.fail('the link is not its to end'),
      clock: () => 0,
    },
    { codec, epoch: 1234 },
  );
  const written = (message: Message) => {
    const frame = dialect.encode(message);
    return frame && encodeFrame(frame).toString('latin1');
  };
  const read = (...fields: Parameters<typeof v1Bytes>) => dialect.decode(frameOf(v1Bytes(...fields)));
  return { dialect, sent, received, written, read };
}

const latin1 = (...fields: Parameters<typeof v1Bytes>) => v1Bytes(...fields).toString('latin1');

describe('to a leader of 3.x a follower', () => {
  it('says calls with their arguments, each with its length before it', () => {
    const { dialect, written } = follower();
    const args = dialect.encodeArguments(codec, ['db', { a: 1 }], 'get', 100);
    const call = {
      type: 'invoke',
      id: 3,
      timeout: 500,
      sentAt: 9,
      method: 'get',
      oneway: false,
      args,
    } as const;
    assert.equal(
      written(call),
      latin1(
        'request',
        3,
        '{"type":"invoke","method":"get","argLength":2,"oneway":false}',
        `00 00 00 07 ${SERIALIZED['the text db']} 00 00 00 0b ${SERIALIZED['{ a: 1 }']}`,
        500,
      ),
    );
    assert.deepEqual(dialect.decodeArguments(codec, args, 'get'), ['db', { a: 1 }]);
  });

  it('says no arguments beyond the limit, and none that cannot be encoded', () => {
    const { dialect } = follower();
    for (const args of [['x'.repeat(20)], Array.from({ length: 4 }, () => 'x')])
      assert.throws(() => dialect.encodeArguments(codec, args, 'get', 20), {
        code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE',
      });
    const circle: unknown[] = [];
    circle.push(circle);
    assert.throws(() => dialect.encodeArguments(codec, [circle], 'get', 1_000), {
      code: 'ERR_CLUSTER_ENCODE',
    });
  });

  it('says the reg of a subscription as JSON, and the same to end it', () => {
    const { written } = follower();
    assert.equal(
      written({ type: 'subscribe', key: '"db"', reg: value(SERIALIZED['{ a: 1 }']) }),
      latin1('request', 1, `{"type":"subscribe","key":${KEY},"reg":{"a":1}}`),
    );
    assert.equal(
      written({ type: 'unsubscribe', key: '"db"' }),
      latin1('request', 2, `{"type":"unSubscribe","key":${KEY},"reg":{"a":1}}`),
    );
    assert.equal(
      written({ type: 'unsubscribe', key: '"db"' }),
      latin1('request', 3, `{"type":"unSubscribe","key":${KEY}}`),
      'it was forgotten',
    );
  });

  it('publishes by a call that nobody waits for, and takes it for acknowledged', () => {
    const { written, received } = follower();
    const reg = value(SERIALIZED['the text db']);
    const publish = {
      type: 'publish',
      id: 40,
      epoch: 0,
      sequence: 0,
      key: '"db"',
      reg,
      method: 'put',
    } as const;
    assert.equal(
      written(publish),
      latin1(
        'request',
        1,
        '{"type":"invoke","method":"put","argLength":1,"oneway":true}',
        `00 00 00 07 ${SERIALIZED['the text db']}`,
      ),
    );
    written({ ...publish, id: 41 });
    const ranks = received.map(
      (message) => message.type === 'published' && [message.id, message.epoch, message.sequence],
    );
    assert.deepEqual(ranks, [
      [40, 1234, 1],
      [41, 1234, 2],
    ]);
    assert.throws(() => written({ ...publish, method: undefined }), { code: 'ERR_CLUSTER_PROTOCOL' });
  });

  it('says that it is alive, and has no word for what came with version 4', () => {
    const { written } = follower();
    assert.equal(
      written({ type: 'heartbeat', id: 0, reply: false }),
      latin1('request', 1, '{"type":"heartbeat"}'),
    );
    const words: Message[] = [
      { type: 'heartbeat', id: 0, reply: true },
      { type: 'cancel', id: 1 },
      { type: 'standby', address: undefined },
      { type: 'goodbye', code: 'E', reason: '' },
    ];
    for (const word of words) assert.equal(written(word), undefined, word.type);
  });
});

describe('of a leader of 3.x a follower', () => {
  it('reads that it is registered, under an epoch that it was given', () => {
    const { read } = follower();
    assert.deepEqual(
      read('response', 1, '{"type":"register_channel_res"}', SERIALIZED['{ success: true }']),
      { type: 'welcome', epoch: 1234, pid: 0, codec: 'serialize-json', methods: [] },
    );
  });

  it('reads why the leader is not ready', () => {
    const { read } = follower();
    const answer = read(
      'response',
      1,
      '{"type":"register_channel_res"}',
      "'success|error|message|no+route^^^^$0|-2|1|$2|3]]'",
    );
    assert.ok(answer?.type === 'unavailable');
    assert.deepEqual(codec.decode(answer.value.bytes), { message: 'no route' });
  });

  it('reads values, numbers them, and acknowledges each', () => {
    const { read, sent } = follower();
    const push = (id: number) =>
      read('request', id, `{"type":"subscribe_result","key":${KEY}}`, SERIALIZED['{ a: 1 }'], 3_000);
    const expected = {
      type: 'value',
      key: '"db"',
      missed: 0,
      fault: false,
      value: value(SERIALIZED['{ a: 1 }']),
    };
    assert.deepEqual(push(70), { ...expected, revision: 1 });
    assert.deepEqual(push(71), { ...expected, revision: 2 });
    assert.deepEqual(
      sent.map((frame) => encodeFrame(frame).toString('latin1')),
      [
        latin1('response', 70, '{"type":"subscribe_result_res"}'),
        latin1('response', 71, '{"type":"subscribe_result_res"}'),
      ],
    );
  });

  it('reads results, faults and signs of life', () => {
    const { read } = follower();
    const result = { type: 'result', id: 8, value: value(SERIALIZED['the text db']) };
    const app = SERIALIZED['the text db'];
    assert.deepEqual(read('response', 8, '{"type":"invoke_result","success":true}', app), {
      ...result,
      fault: false,
    });
    assert.deepEqual(read('response', 8, '{"type":"invoke_result","success":false}', app), {
      ...result,
      fault: true,
    });
    assert.deepEqual(read('response', 2, '{"type":"heartbeat_res"}'), {
      type: 'heartbeat',
      id: 2,
      reply: true,
    });
    assert.equal(read('response', 2, '{"type":"something else"}'), undefined);
    assert.throws(() => read('response', 2, 'no JSON'), { code: 'ERR_CLUSTER_PROTOCOL' });
    assert.throws(() => read('response', 2, '{"type":"register_channel_res"}', '00'), {
      code: 'ERR_CLUSTER_DECODE',
    });
  });
});
