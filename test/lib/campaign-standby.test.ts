import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Campaign } from '../../lib/campaign.js';
import { resolveOptions } from '../../lib/options.js';
import { fileName, openRuntime } from '../../lib/runtime.js';
import { memory } from '../../lib/transports/memory.js';
import { isolated } from '../helpers/isolated.js';

const NOWHERE = { host: 'memory', port: 1 };

function campaigning(t: TestContext, isLeader?: boolean) {
  const options = resolveOptions('Config', { ...isolated(t), transport: memory(), isLeader });
  const campaign = new Campaign(options, [], { elected: () => {}, failed: assert.fail });
  t.after(() => campaign.leave());
  t.after(() => campaign.end());
  return { options, campaign };
}

describe('a process that is asked to stand by', () => {
  it('listens, and says where', async (t) => {
    const { campaign } = campaigning(t);
    const address = await campaign.standBy();
    assert.equal(address?.host, 'memory');
    assert.equal(campaign.standby, 'self');
  });

  it('does not where it must not lead', async (t) => {
    const { campaign } = campaigning(t, false);
    assert.deepEqual([await campaign.standBy(), campaign.standby], [undefined, undefined]);
  });
});

describe('a process that is told of the standby', () => {
  it('has no link to it where nobody is there', async (t) => {
    const { campaign } = campaigning(t);
    await campaign.meetStandby(NOWHERE, 0);
    assert.equal(campaign.standby, undefined);
  });

  it('goes on without a link where the record cannot be read', async (t) => {
    const { campaign, options } = campaigning(t);
    const { folder = '' } = openRuntime(options, assert.fail);
    writeFileSync(join(folder, fileName(options.name)), 'not a folder');
    await campaign.meetStandby(NOWHERE, 0);
    assert.equal(campaign.standby, undefined);
  });
});
