import { hello } from './handshake.js';
import { type Input, PROTOCOL } from './input.js';
import { noise, versionOne } from './wire.js';

const PEER_VERSION = 'ERR_CLUSTER_PEER_VERSION';
/** As deep as 4 KiB allow. */
const DEPTH = 2_000;

function said(name: string, expect: string, say: () => Buffer): Input {
  return {
    name,
    phase: 'before',
    expect,
    async run(target) {
      const stranger = await target.dial();
      stranger.send(say());
      return expect === 'challenge' ? stranger.answer() : stranger.told();
    },
  };
}

const json = (name: string, text: string) => said(`frame 1: ${name}`, PROTOCOL, () => versionOne(text));

/** A right frame 1 as text, with another beginning. */
const helloText = (beginning: string) => `{${beginning},${hello().subarray(24).toString().slice(1)}`;

const versionOnePeers: Input[] = [
  said('a follower of 3.x', PEER_VERSION, () =>
    versionOne('{"type":"register_channel","channelName":"witness"}'),
  ),
  said('an invoke of 3.x', PROTOCOL, () =>
    versionOne('{"type":"invoke","method":"wipe","argLength":0,"oneway":false}', { timeout: 3_000 }),
  ),
  said('a heartbeat of 3.x', PROTOCOL, () => versionOne('{"type":"heartbeat"}')),
  said('a subscribe of 3.x', PROTOCOL, () =>
    versionOne('{"type":"subscribe","key":"a","info":{"key":"a"}}', {
      application: Buffer.from('{"key":"a"}'),
    }),
  ),
  said('a response of 3.x', PROTOCOL, () => versionOne('{"type":"register_channel_res"}', { kind: 1 })),
];

const texts: Input[] = [
  json('no JSON', 'register_channel'),
  json('nothing', ''),
  json('null', 'null'),
  json('a number', '1e400'),
  json('an array', '[]'),
  json(`arrays, ${DEPTH} deep`, `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`),
  json('half a text', '{"type":"register_channel","channelName":"'),
  json('all of it below __proto__', `{"__proto__":${hello().subarray(24).toString()}}`),
  json('v2 is null', '{"type":"register_channel","channelName":"","v2":null}'),
  json('v2 is a text', '{"type":"register_channel","channelName":"","v2":"yes"}'),
  said('frame 1: no UTF-8', PROTOCOL, () => versionOne('', { connection: noise(1_000) })),
  said('frame 1: a __proto__ besides', 'challenge', () =>
    versionOne(helloText('"__proto__":{"polluted":1}')),
  ),
  said('frame 1: keys that come twice', 'challenge', () =>
    versionOne(helloText('"type":"invoke","v2":null')),
  ),
  said('frame 1: numbers of 1000 digits', 'challenge', () =>
    versionOne(helloText(`"a":${'9'.repeat(1_000)}`)),
  ),
];

const bent = (name: string, fields: Record<string, unknown>, v2?: Record<string, unknown>) =>
  said(`frame 1: ${name}`, PROTOCOL, () => hello(fields, v2));

const fields: Input[] = [
  bent('a channel name that is no text', { channelName: 1 }),
  bent('versions [1]', {}, { versions: [1] }),
  bent('versions [99]', {}, { versions: [99] }),
  bent('versions that are no array', {}, { versions: '2' }),
  bent('versions that look like an array', {}, { versions: { length: 1, 0: 2 } }),
  bent('no nonce', {}, { nonce: undefined }),
  bent('a nonce that is no text', {}, { nonce: { length: 44 } }),
  bent('an empty nonce', {}, { nonce: '' }),
  bent('a nonce of 31 bytes', {}, { nonce: noise(31).toString('base64') }),
  bent('a nonce of 33 bytes', {}, { nonce: noise(33).toString('base64') }),
];

const behind: Input[] = [
  said('1 MB of noise behind frame 1', PROTOCOL, () => Buffer.concat([hello(), noise(1024 * 1024)])),
];

/** Frame 1 with any content: nobody has proved anything yet. */
export const hellos: readonly Input[] = [...versionOnePeers, ...texts, ...fields, ...behind];
