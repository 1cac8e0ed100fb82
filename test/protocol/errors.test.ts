import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClusterError, protocolError } from '../../protocol/errors.js';

it('a ClusterError has a code, a name, and what its message shows as own properties', () => {
  const error = new ClusterError('ERR_CLUSTER_X', 'no X', { data: { port: 7777, peer: 'p' } });
  assert.ok(error instanceof Error);
  assert.equal(String(error), 'ClusterError: no X');
  assert.deepEqual({ ...error }, { name: 'ClusterError', code: 'ERR_CLUSTER_X', port: 7777, peer: 'p' });
});

it('a ClusterError can have the name that 3.x gave the situation', () => {
  assert.equal(new ClusterError('C', 'm', { name: 'ResponseTimeoutError' }).name, 'ResponseTimeoutError');
});

it('a ClusterError has a cause only where one was given, undefined included', () => {
  assert.equal('cause' in new ClusterError('C', 'm'), false);
  assert.equal(new ClusterError('C', 'm', { cause: 5 }).cause, 5);
  assert.equal('cause' in new ClusterError('C', 'm', { cause: undefined }), true);
});

it('a protocol error is a ClusterError with that code', () => {
  const error = protocolError('odd', { version: 9 });
  assert.ok(error instanceof ClusterError);
  assert.deepEqual({ ...error }, { name: 'ClusterError', code: 'ERR_CLUSTER_PROTOCOL', version: 9 });
});
