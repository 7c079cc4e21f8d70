// The life of a container as pure transitions, and the refusals that are read off them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, SimulatedClock } from 'xstate';
import { LabError } from '../../src/base/errors.ts';
import { nextStatus, requireState, statesFor } from '../../src/daemon/container/container.machine.ts';
import { restartMachine } from '../../src/daemon/container/restart.machine.ts';

test('a container is created, runs, pauses, goes on, exits and is removed', () => {
  assert.equal(nextStatus('created', { type: 'START' }), 'running');
  assert.equal(nextStatus('running', { type: 'PAUSE' }), 'paused');
  assert.equal(nextStatus('paused', { type: 'UNPAUSE' }), 'running');
  assert.equal(nextStatus('running', { type: 'EXITED' }), 'exited');
  assert.equal(nextStatus('exited', { type: 'REMOVE' }), 'removing');
  assert.equal(nextStatus('removing', { type: 'REMOVED' }), 'removed');
});

test('a failed removal leaves a dead container that can be removed again', () => {
  assert.equal(nextStatus('removing', { type: 'REMOVE_FAILED' }), 'dead');
  assert.equal(nextStatus('dead', { type: 'REMOVE' }), 'removing');
});

test('a refusal names the state seen and the states needed', () => {
  assert.throws(
    () => requireState('PAUSE', { name: 'web', status: 'created' }),
    (error) =>
      error instanceof LabError &&
      error.kind === 'conflict' &&
      error.message === 'cannot pause container "web": it is created, must be running',
  );
  assert.deepEqual(statesFor('REMOVE'), ['created', 'exited', 'dead']);
});

function restarting(name: 'always' | 'on-failure' | 'no', retries = 0) {
  const clock = new SimulatedClock();
  let restarts = 0;
  const machine = restartMachine.provide({ actions: { restart: () => restarts++ } });
  const actor = createActor(machine, { input: { policy: { Name: name, MaximumRetryCount: retries } }, clock });
  actor.start();
  return { actor, clock, count: () => restarts };
}

test('the delay before a restart doubles from 100 ms', () => {
  const { actor, clock, count } = restarting('always');
  actor.send({ type: 'EXITED', exitCode: 0, ranMs: 5 });
  clock.increment(99);
  assert.equal(count(), 0);
  clock.increment(1);
  assert.equal(count(), 1);
  actor.send({ type: 'STARTED' });
  actor.send({ type: 'EXITED', exitCode: 0, ranMs: 5 });
  assert.equal(actor.getSnapshot().context.delayMs, 200);
});

test('the delay starts over after ten steady seconds', () => {
  const { actor } = restarting('always');
  for (const ranMs of [5, 10_000]) {
    actor.send({ type: 'EXITED', exitCode: 1, ranMs });
    assert.equal(actor.getSnapshot().context.delayMs, 100);
    actor.send({ type: 'STARTED' });
  }
});

test('on-failure gives up after its retries and never restarts a success', () => {
  const { actor } = restarting('on-failure', 1);
  actor.send({ type: 'EXITED', exitCode: 1, ranMs: 5 });
  actor.send({ type: 'STARTED' });
  actor.send({ type: 'EXITED', exitCode: 1, ranMs: 5 });
  assert.equal(actor.getSnapshot().value, 'givenUp');
  const other = restarting('on-failure');
  other.actor.send({ type: 'EXITED', exitCode: 0, ranMs: 5 });
  assert.equal(other.actor.getSnapshot().value, 'givenUp');
});

test('a stop by a person ends the policy until the next start', () => {
  const { actor, clock, count } = restarting('always');
  actor.send({ type: 'EXITED', exitCode: 1, ranMs: 5 });
  actor.send({ type: 'STOPPED' });
  clock.increment(1000);
  assert.equal(count(), 0);
});
