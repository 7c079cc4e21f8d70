import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lifecycle } from '../../src/containerd/task/lifecycle.ts';
import type { ProcessEvent } from '../../src/containerd/task/task.machine.ts';

const task = (...events: Array<ProcessEvent['type']>): Lifecycle => {
  const lifecycle = new Lifecycle({ namespace: 'n', id: 'web', exec: undefined });
  for (const type of events) lifecycle.take(type === 'found' ? { type, as: 'running' } : { type });
  return lifecycle;
};

test('a task goes from created over running and paused to stopped and deleted', () => {
  const life = task('create', 'start', 'pause', 'resume', 'exit', 'delete');
  assert.equal(life.state, 'deleted');
});

test('a task that never started can be killed or deleted', () => {
  assert.equal(task('create', 'exit').state, 'stopped');
  assert.equal(task('create', 'delete').state, 'deleted');
});

test('what a state does not have changes nothing', () => {
  assert.equal(task('create', 'pause').state, 'created');
  assert.equal(task('create', 'start', 'delete').state, 'running');
  assert.equal(task('create', 'start', 'exit', 'start').state, 'stopped');
  assert.equal(task('create', 'start', 'exit', 'delete', 'create').state, 'deleted');
});

test('a task that was found running can be paused', () => {
  assert.equal(task('found', 'pause').state, 'paused');
});

test('an exec cannot be paused', () => {
  const exec = new Lifecycle({ namespace: 'n', id: 'web', exec: 'e1' });
  for (const type of ['create', 'start'] as const) exec.take({ type });
  assert.equal(exec.can({ type: 'pause' }), false);
});

test('a refusal says what it is and what it must be', () => {
  const { kind, message } = task('create').refusal('pausing', 'running');
  assert.deepEqual(
    { kind, message },
    { kind: 'conflict', message: 'pausing task "web": it is created, must be running' },
  );
});
