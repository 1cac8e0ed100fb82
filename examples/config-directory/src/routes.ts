// The HTTP side of a worker. Every answer is JSON, errors too.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { invoke, status } from 'cluster-client';
import { type Config, type ConfigErrorCode, checkFileName, parseConfig } from './config-file.js';
import type { SharedClient } from './member.js';

const MAX_BODY_BYTES = 1024 * 1024;

const STATUS_OF_CODE = new Map<unknown, number>(
  Object.entries({
    ERR_CONFIG_NAME: 400,
    ERR_CONFIG_NOT_FOUND: 404,
    ERR_CONFIG_SYNTAX: 500,
  } satisfies Record<ConfigErrorCode, number>),
);

/** The answer to GET /config/:file. */
export interface ServedConfig extends Config {
  servedBy: number;
}

interface Answer {
  status: number;
  body: object;
}

/** Never rejects: what goes wrong is the answer. */
export async function respond(client: SharedClient, request: IncomingMessage, response: ServerResponse) {
  const { status, body } = await route(client, request).catch(explain);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function route(client: SharedClient, request: IncomingMessage): Promise<Answer> {
  const [path = ''] = (request.url ?? '').split('?');
  const [, resource, ...rest] = path.split('/');
  switch (`${request.method} /${resource}`) {
    case 'GET /who': {
      const { role, state, epoch, leaderPid } = status(client);
      return { status: 200, body: { pid: process.pid, role, state, epoch, leaderPid } };
    }
    case 'GET /config': {
      const config: ServedConfig = { servedBy: process.pid, ...(await getConfig(client, fileName(rest))) };
      return { status: 200, body: config };
    }
    case 'PUT /config':
      return putConfig(client, fileName(rest), request);
    default:
      return failure(404, 'ERR_ROUTE', 'Try GET /who, GET /config/:file or PUT /config/:file');
  }
}

/** Runs on the leader. Reading is idempotent, so a call that a dying leader leaves unanswered is sent again. */
function getConfig(client: SharedClient, file: string): Promise<Config> {
  return invoke(client, 'getConfig', [file], { idempotent: true, timeout: 5000 });
}

async function putConfig(client: SharedClient, file: string, request: IncomingMessage): Promise<Answer> {
  // NaN without the header, as in a chunked request.
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES)) {
    return failure(413, 'ERR_BODY', `Send a content-length of at most ${MAX_BODY_BYTES} bytes`);
  }
  const edited = await text(request);
  try {
    parseConfig(file, edited);
  } catch (error) {
    return { ...explain(error), status: 400 };
  }
  const { version } = await getConfig(client, file);
  client.publish({ file, text: edited, replaces: version });
  return { status: 202, body: { servedBy: process.pid, file, replaces: version } };
}

/** A bad name is refused here: it need not travel to the leader, which would refuse it too. */
function fileName(segments: string[]): string {
  const file = decode(segments.join('/'));
  checkFileName(file);
  return file;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // with its malformed escapes, it names no file
  }
}

function explain(error: unknown): Answer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_INTERNAL';
  const unavailable = code.startsWith('ERR_CLUSTER_') ? 503 : 500;
  return failure(
    STATUS_OF_CODE.get(code) ?? unavailable,
    code,
    error instanceof Error ? error.message : String(error),
  );
}

function failure(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
