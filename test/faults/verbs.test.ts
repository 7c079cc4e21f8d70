// The steps of tlab-runc's verbs, and every operation of an exec, failed and killed under: what was there before is there afterwards,
// and a second try comes to its end. Needs root.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';
import { assertCause, errnos, FaultPlace, type Subject } from './place.ts';
import { faultPlans, faultyExec } from './plans.ts';

const place = new FaultPlace();
before(() => place.open());
after(() => place.close());

const [usual, rare] = faultPlans as [(typeof faultPlans)[0], (typeof faultPlans)[0]];

/** Runs a verb that must fail at a step and say so; or, killed there, must be dead. */
async function meet(
  fault: 'fail' | 'kill',
  one: Subject,
  step: string,
  verb: string,
  ...more: string[]
): Promise<void> {
  const killed = fault === 'kill' ? place.killAt(step) : undefined;
  if (fault === 'fail') place.failAt(step, 'EIO');
  const { status, stderr } = await place.runc(one, verb, ...more);
  place.calm();
  assert.notEqual(status, 0, `${verb} with a fault at ${step}`);
  if (fault === 'fail') assert.ok(stderr.includes(`step "${step}": injected: EIO `), stderr);
  if (killed) assert.ok(killed(), `${verb} comes to ${step}`);
}

for (const fault of ['fail', 'kill'] as const) {
  test(`${fault} at a step of create or run: nothing is left, or delete --force leaves nothing`, root(), async () => {
    const one = await place.subject(usual, ['true']);
    const terminal = await place.subject(rare, ['true']);
    for (const step of ['make-state', 'copy-plan', 'open-console', 'save-state', 'write-pid-file']) {
      const subject = step === 'open-console' ? terminal : one;
      await meet(fault, subject, step, 'create');
      if (fault === 'kill') await place.must(subject, 'delete', '--force');
      await place.assertNothingLeft(subject, `${fault} at ${step} of create`);
      await place.must(subject, 'create');
      await place.must(subject, 'delete', '--force');
    }
    for (const step of ['make-state', 'copy-plan', 'save-state', 'write-pid-file', 'release', 'record-start']) {
      await meet(fault, one, step, 'run');
      if (fault === 'kill') await place.must(one, 'delete', '--force');
      await place.assertNothingLeft(one, `${fault} at ${step} of run`);
    }
  });

  test(`${fault} at a step of start: a second start works, or says that the program runs`, root(), async () => {
    const one = await place.subject(usual, ['sleep', '1000']);
    await place.must(one, 'create');
    await meet(fault, one, 'release', 'start');
    assert.equal(await place.status(one), 'created');
    await meet(fault, one, 'record-start', 'start');
    const again = await place.runc(one, 'start');
    assert.equal(again.status, 1);
    assert.match(again.stderr, /starting container|cannot start container/);
    await place.must(one, 'delete', '--force');
    await place.assertNothingLeft(one, `${fault} at steps of start`);
  });

  test(`${fault} at a step of delete: a second delete leaves nothing`, root(), async () => {
    const one = await place.subject(usual, ['sleep', '1000']);
    for (const step of ['kill', 'remove-cgroups', 'remove-state']) {
      await place.must(one, 'create');
      await place.must(one, 'start');
      await meet(fault, one, step, 'delete', '--force');
      assert.equal(await place.status(one), step === 'kill' ? 'running' : 'stopped', `after ${step}`);
      await place.must(one, 'delete', ...(step === 'kill' ? ['--force'] : []));
      await place.assertNothingLeft(one, `${fault} at ${step} of delete`);
    }
  });

  test(`${fault} at a step of kill, pause or resume: the container is as it was`, root(), async () => {
    const one = await place.subject(usual, ['sleep', '1000']);
    await place.must(one, 'create');
    await place.must(one, 'start');
    await meet(fault, one, 'signal', 'kill');
    await meet(fault, one, 'freeze', 'pause');
    assert.equal(await place.status(one), 'running');
    await place.must(one, 'pause');
    await meet(fault, one, 'thaw', 'resume');
    assert.equal(await place.status(one), 'paused');
    await place.must(one, 'delete', '--force');
    await place.assertNothingLeft(one, `${fault} at steps of kill, pause and resume`);
  });

  test(`${fault} at each operation of an exec: its process is gone and the container is unharmed`, root(), async () => {
    const one = await place.subject(usual, ['sleep', '1000']);
    await place.must(one, 'create');
    await place.must(one, 'start');
    const plan = place.process(one, faultyExec);
    const alone = await waitUntil(
      () => [place.left(one)].find(({ processes }) => /sleep/.test(processes?.join() ?? '')),
      {
        what: 'the program',
      },
    );
    assert.equal(alone.processes?.length, 1);
    for (const [index, operation] of plan.entries()) {
      const errno = errnos[index % errnos.length] ?? 'EIO';
      const killed = fault === 'kill' ? place.killAt(index) : undefined;
      if (fault === 'fail') place.failAt(index, errno);
      const { status, stderr } = await place.runc(one, 'exec', '--detach');
      assert.equal(status, 255, `operation ${index}, ${operation.name}: ${stderr}`);
      if (fault === 'fail') assertCause(stderr, operation, errno, 'process');
      if (killed) assert.ok(killed());
      await place.reachesLeft(one, alone, `${fault} at operation ${index}, ${operation.name} ${operation.cause}`);
    }
    await meet(fault, one, 'write-pid-file', 'exec', '--detach');
    if (fault === 'fail') await place.reachesLeft(one, alone, 'after the pid file could not be written');
    assert.equal(await place.status(one), 'running');
    place.process(one, { args: ['true'] });
    await place.must(one, 'exec');
    await place.must(one, 'delete', '--force');
    await place.assertNothingLeft(one, `${fault} at operations of exec`);
  });
}
