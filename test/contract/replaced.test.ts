import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, cluster, status } from '../../lib/index.js';
import { fileRecord } from '../../lib/record.js';
import { openRuntime } from '../../lib/runtime.js';
import { isolated } from '../helpers/isolated.js';
import { until } from '../helpers/until.js';

const closing: (() => void)[] = [];

class Config {
  close(): Promise<void> {
    return new Promise((resolve) => closing.push(resolve));
  }
}

describe('a leader that was replaced', () => {
  it('can lead again, though its real client does not finish closing', async (t) => {
    const group = isolated(t);
    const warnings: string[] = [];
    const logger = { ...console, warn: (message: string) => warnings.push(message) };
    const client = cluster(Config, { ...group, name: 'Config', connectTimeout: 50, logger }).create();
    await client.ready();
    const { epoch: first = 0 } = status(client);
    const { folder = '' } = openRuntime({ ...group, secrets: undefined }, assert.fail);
    const record = fileRecord({ folder, channel: 'Config', restore: () => {}, warn: assert.fail });
    // Another process takes over and dies at once.
    const next = { epoch: first + 1, address: { host: '127.0.0.1', port: 1 }, pid: 1 };
    assert.ok(record.claim(record.read(), next, false));
    await until(() => closing.length === 1);
    await until(() => status(client).ready && status(client).role === 'leader');
    assert.ok((status(client).epoch ?? 0) > first + 1);
    assert.match(warnings.join(), /the real client of the leader before is not closed after 50 ms/);
    const closed = close(client);
    closing[0]?.();
    await until(() => closing.length === 2);
    closing[1]?.();
    await closed;
  });
});
