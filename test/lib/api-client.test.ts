import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APIClientBase, close } from '../../lib/index.js';

class Never {
  ready(): Promise<void> {
    return new Promise(() => {});
  }
}

class Api extends APIClientBase {
  override get DataClient() {
    return Never;
  }

  override get clusterOptions() {
    return { singleMode: true, name: crypto.randomUUID(), connectTimeout: 1 };
  }
}

describe('an API client that is closed before it is ready', () => {
  it('tells who waits, and emits no error where nobody does', async () => {
    const [waited, unheard] = [new Api(), new Api()];
    const errors: unknown[] = [];
    for (const client of [waited, unheard]) client.on('error', (error) => errors.push(error));
    const ready = assert.rejects(waited.ready(), { code: 'ERR_CLUSTER_CLOSED' });
    await Promise.all([waited.close(), close(unheard)]);
    await ready;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(errors, []);
    assert.equal(waited.isReady, false);
  });
});
