import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { V1Leader } from '../../protocol/dialects/v1-leader.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { frameOf, hex } from '../fixtures/frames-hex.js';
import { SERIALIZED, v1Bytes } from '../fixtures/frames-v1.js';

const codec = serializeJson();
const WELCOME: Message = { type: 'welcome', epoch: 7, pid: 1, codec: 'serialize-json', methods: ['get'] };
const KEY = '$$inner$$__"db"';
const value = (text: string) => ({ bytes: hex(text), raw: false });

/** A leader's end whose follower has asked to be registered with id 5. */
function leader() {
  const sent: Frame[] = [];
  let ends = 0;
  const dialect = new V1Leader(
    {
      send: (frame) => sent.push(frame),
      receive: () => assert.fail('nothing comes of its own accord'),
      end: () => {
        ends += 1;
      },
      clock: () => 77,
    },
    codec,
    5,
  );
  dialect.serve(codec, 'publish');
  const written = (message: Message) => {
    const frame = dialect.encode(message);
    return frame && encodeFrame(frame).toString('latin1');
  };
  const read = (...fields: Parameters<typeof v1Bytes>) => dialect.decode(frameOf(v1Bytes(...fields)));
  return { dialect, sent, written, read, ends: () => ends };
}

const latin1 = (...fields: Parameters<typeof v1Bytes>) => v1Bytes(...fields).toString('latin1');

describe('to a follower of 3.x a leader', () => {
  it('answers the registration when it is ready, under the id of the newest request', () => {
    const { written, read, sent } = leader();
    assert.equal(written({ type: 'parked', state: 'starting' }), undefined);
    assert.equal(read('request', 9, '{"type":"register_channel","channelName":"C"}'), undefined);
    assert.deepEqual(sent, []);
    const answer = ['{"type":"register_channel_res"}', SERIALIZED['{ success: true }']] as const;
    assert.equal(written(WELCOME), latin1('response', 9, ...answer));
    // It may have given up by then, and asked again.
    read('request', 10, '{"type":"register_channel","channelName":"C"}');
    assert.deepEqual(
      sent.map((frame) => encodeFrame(frame).toString('latin1')),
      [latin1('response', 10, ...answer)],
    );
  });

  it('says why the real client cannot start, once, and lets it come again when it can', () => {
    const { dialect, written, ends } = leader();
    const fault = { name: 'Error', message: 'no route', code: 'E', stack: 'at' };
    const told = dialect.encode({
      type: 'unavailable',
      value: { bytes: codec.encode(fault) as Buffer, raw: false },
    });
    assert.ok(told);
    assert.deepEqual(codec.decode(told.application), { success: false, error: fault });
    assert.equal(written({ type: 'unavailable', value: value(SERIALIZED['{ a: 1 }']) }), undefined);
    assert.equal(ends(), 0);
    assert.equal(written(WELCOME), undefined);
    assert.equal(ends(), 1);
  });

  it('says why it is refused', () => {
    const { dialect } = leader();
    const told = dialect.encode({ type: 'refused', code: 'ERR_CLUSTER_X', reason: 'no' });
    assert.ok(told);
    const error = { name: 'Error', code: 'ERR_CLUSTER_X', message: 'no' };
    assert.deepEqual(codec.decode(told.application), { success: false, error });
  });

  it('pushes values as requests, each under an id of its own, and takes the acknowledgements', () => {
    const { written, read } = leader();
    const push = (revision: number) =>
      written({
        type: 'value',
        key: '"db"',
        revision,
        missed: 3,
        fault: false,
        value: value(SERIALIZED['{ a: 1 }']),
      });
    const head = `{"type":"subscribe_result","key":${JSON.stringify(KEY)}}`;
    assert.equal(push(1), latin1('request', 1, head, SERIALIZED['{ a: 1 }']));
    assert.equal(push(9), latin1('request', 2, head, SERIALIZED['{ a: 1 }']));
    assert.equal(read('response', 2, '{"type":"subscribe_result_res"}'), undefined);
  });

  it('says results and faults of calls, and that it is alive when it is asked', () => {
    const { written, read } = leader();
    const result = { type: 'result', id: 8, fault: false, value: value(SERIALIZED['the text db']) } as const;
    assert.equal(
      written(result),
      latin1('response', 8, '{"type":"invoke_result","success":true}', SERIALIZED['the text db']),
    );
    assert.equal(
      written({ ...result, fault: true }),
      latin1('response', 8, '{"type":"invoke_result","success":false}', SERIALIZED['the text db']),
    );
    assert.deepEqual(read('request', 6, '{"type":"heartbeat"}'), { type: 'heartbeat', id: 6, reply: false });
    assert.equal(
      written({ type: 'heartbeat', id: 6, reply: true }),
      latin1('response', 6, '{"type":"heartbeat_res"}'),
    );
  });

  it('has no word for what came with version 4, and ends the link where it would say goodbye', () => {
    const { written, ends } = leader();
    const address = { host: '127.0.0.1', port: 1 };
    const words: Message[] = [
      { type: 'heartbeat', id: 0, reply: false },
      { type: 'standby', address },
      { type: 'moved', epoch: 1, address },
      { type: 'value', key: 'k', revision: 1, missed: 0, fault: true, value: value('') },
      { type: 'published', id: 1, epoch: 1, sequence: 1, fault: false, value: value('') },
    ];
    for (const word of words) assert.equal(written(word), undefined, word.type);
    assert.equal(ends(), 0);
    assert.equal(written({ type: 'goodbye', code: 'E', reason: '' }), undefined);
    assert.equal(ends(), 1);
  });
});

describe('of a follower of 3.x a leader', () => {
  it('reads subscriptions, whose reg is JSON', () => {
    const { read } = leader();
    const fields = `"key":${JSON.stringify(KEY)},"reg":{"a":1}`;
    assert.deepEqual(read('request', 1, `{"type":"subscribe",${fields}}`), {
      type: 'subscribe',
      key: '"db"',
      reg: value(SERIALIZED['{ a: 1 }']),
    });
    assert.deepEqual(read('request', 2, `{"type":"unSubscribe",${fields}}`), {
      type: 'unsubscribe',
      key: '"db"',
    });
  });

  it('reads calls with their arguments, each with its length before it', () => {
    const { dialect, read } = leader();
    const args = `00 00 00 07 ${SERIALIZED['the text db']} 00 00 00 0b ${SERIALIZED['{ a: 1 }']}`;
    const call = read(
      'request',
      3,
      '{"type":"invoke","method":"get","argLength":2,"oneway":false}',
      args,
      3_000,
    );
    assert.ok(call?.type === 'invoke');
    const { id, method, oneway, timeout, sentAt } = call;
    assert.deepEqual([id, method, oneway, timeout, sentAt], [3, 'get', false, 3_000, 77]);
    assert.deepEqual(dialect.decodeArguments(codec, call.args, 'get'), ['db', { a: 1 }]);
    const none = read('request', 4, '{"type":"invoke","method":"get","argLength":0,"oneway":true}');
    assert.ok(none?.type === 'invoke' && none.oneway);
    assert.deepEqual(dialect.decodeArguments(codec, none.args, 'get'), []);
  });

  it('reads a call of the method that publishes as a publication, equal ones under one key', () => {
    const { read } = leader();
    const publish = (reg: string, length: string) =>
      read(
        'request',
        3,
        '{"type":"invoke","method":"publish","argLength":1,"oneway":true}',
        `00 00 00 ${length} ${reg}`,
      );
    const one = publish(SERIALIZED['{ a: 1 }'], '0b');
    const again = publish(SERIALIZED['{ a: 1 }'], '0b');
    const other = publish(SERIALIZED['the text db'], '07');
    assert.ok(one?.type === 'publish' && again?.type === 'publish' && other?.type === 'publish');
    assert.deepEqual([one.epoch, one.sequence, one.reg], [0, 0, value(SERIALIZED['{ a: 1 }'])]);
    assert.equal(one.key, again.key);
    assert.notEqual(one.key, other.key);
  });

  it('passes over what a later version may say', () => {
    const { read } = leader();
    assert.equal(read('request', 1, '{"type":"something new"}'), undefined);
    assert.equal(read('response', 1, 'no JSON'), undefined);
  });

  it('takes nothing that is not this dialect', () => {
    const { read } = leader();
    const long = JSON.stringify('k'.repeat(70_000));
    const invoke = '{"type":"invoke","method":"get","argLength":1,"oneway":false}';
    const bad: [string, string?][] = [
      ['no JSON'],
      ['null'],
      ['7'],
      ['{"type":"subscribe","reg":1}'],
      ['{"type":"subscribe","key":7,"reg":1}'],
      [`{"type":"subscribe","key":${long},"reg":1}`],
      ['{"type":"invoke","argLength":0}'],
      [invoke],
      [invoke, '00 00 00'],
      [invoke, '00 00 00 02 00'],
      [invoke, 'ff ff ff ff 00'],
      [invoke, '00 00 00 01 00 00 00 00 01 00'],
    ];
    for (const [connection, application] of bad)
      assert.throws(
        () => read('request', 1, connection, application),
        { code: 'ERR_CLUSTER_PROTOCOL' },
        connection,
      );
  });
});
