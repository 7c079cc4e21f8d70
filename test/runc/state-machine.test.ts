import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mustAllow, nextStatus, ociStatuses, statusesThatAllow } from '../../src/runc/state.machine.ts';

test('a container lives from creating to stopped', () => {
  assert.equal(nextStatus('creating', 'created'), 'created');
  assert.equal(nextStatus('created', 'start'), 'running');
  assert.equal(nextStatus('running', 'pause'), 'paused');
  assert.equal(nextStatus('paused', 'resume'), 'running');
  assert.equal(nextStatus('running', 'exit'), 'stopped');
  assert.equal(nextStatus('stopped', 'delete'), 'deleted');
});

test('any living container may end at any time', () => {
  for (const status of ociStatuses.filter((name) => name !== 'stopped'))
    assert.equal(nextStatus(status, 'exit'), 'stopped');
});

test('each verb is allowed exactly where the specification and runc allow it', () => {
  assert.deepEqual(statusesThatAllow('start'), ['created']);
  assert.deepEqual(statusesThatAllow('kill'), ['created', 'running', 'paused']);
  assert.deepEqual(statusesThatAllow('pause'), ['created', 'running']);
  assert.deepEqual(statusesThatAllow('resume'), ['paused']);
  assert.deepEqual(statusesThatAllow('exec'), ['created', 'running']);
  assert.deepEqual(statusesThatAllow('update'), ['created', 'running', 'paused']);
  assert.deepEqual(statusesThatAllow('delete'), ['stopped']);
});

test('a refusal says what the container is and what it must be', () => {
  assert.throws(() => mustAllow('start', { id: 'web', status: 'running' }), {
    kind: 'conflict',
    message: 'starting container "web": it is running, must be created',
  });
  assert.throws(() => mustAllow('pause', { id: 'web', status: 'stopped' }), {
    message: 'pausing container "web": it is stopped, must be created or running',
  });
  assert.doesNotThrow(() => mustAllow('kill', { id: 'web', status: 'paused' }));
});
