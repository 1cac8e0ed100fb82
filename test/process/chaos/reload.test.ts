import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../helpers/folder.js';
import { Conductor } from './conductor.js';

describe('a rolling reload of all processes, under load', () => {
  it('loses no update and no publication, and leaves no call unsettled', async (t) => {
    const conductor = new Conductor();
    t.after(() => conductor.end());
    const group = { group: randomUUID(), runtimeDir: temporaryFolder(t) };
    const { violations, summary } = await conductor.reload(group);
    t.diagnostic(summary);
    assert.deepEqual(violations, []);
  });
});
