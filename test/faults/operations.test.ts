// Every operation of a container's plan, failed with an errno and killed under: the command says why, and nothing is left on the host.
// A plan is walked by its own length, so a new operation is tested as soon as a plan of plans.ts has it. Needs root.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Operation, operations } from '../../src/runc/plan/operations.ts';
import { root } from '../helpers/root.ts';
import { assertCause, errnos, FaultPlace, type Subject } from './place.ts';
import { faultPlans, faultyExec, notHere } from './plans.ts';

const place = new FaultPlace();
before(() => place.open());
after(() => place.close());

const words = (index: number, { name, cause }: Operation): string => `operation ${index}, ${name} ${cause}`;
const firstAfterBarrier = (plan: readonly Operation[]): number =>
  plan.findIndex(({ name }) => name === 'await_start') + 1;

/** Created and started with one operation failing; returns what the one that met it has said. */
async function meetFailure(one: Subject, index: number): Promise<string> {
  const created = await place.runc(one, 'create');
  if (index < firstAfterBarrier(one.plan)) {
    assert.equal(created.status, 1, created.stderr);
    return created.stderr;
  }
  assert.equal(created.status, 0, created.stderr);
  const started = await place.runc(one, 'start');
  const isOfStart = one.plan[index]?.cause.startsWith('/hooks/poststart') ?? false;
  assert.equal(started.status, isOfStart ? 1 : 0, started.stderr);
  await place.reaches(one, 'stopped');
  // The program's own standard error, or of start or delete: a hook that runs when the container is there already.
  const said = place.said(one) + started.stderr;
  const deleted = await place.runc(one, 'delete');
  assert.equal(deleted.status, 0, deleted.stderr);
  return said + deleted.stderr;
}

for (const faulty of faultPlans) {
  test(`${faulty.name}: each operation fails with its cause and leaves nothing`, root(), async () => {
    const one = await place.subject(faulty, ['true']);
    for (const [index, operation] of one.plan.entries()) {
      const errno = errnos[index % errnos.length] ?? 'EIO';
      place.failAt(index, errno);
      const said = await meetFailure(one, index);
      // What fails behind the barrier of a container with a terminal is written there.
      if (!one.terminal || index < firstAfterBarrier(one.plan)) assertCause(said, operation, errno);
      await place.assertNothingLeft(one, `after ${errno} at ${words(index, operation)}`);
    }
  });

  test(`${faulty.name}: tlab-runc is killed at each operation, and delete --force leaves nothing`, root(), async () => {
    const one = await place.subject(faulty, ['true']);
    for (const [index, operation] of one.plan.slice(0, firstAfterBarrier(one.plan)).entries()) {
      const killed = place.killAt(index);
      await place.runc(one, 'create');
      assert.ok(killed(), words(index, operation));
      place.calm();
      await place.must(one, 'delete', '--force');
      await place.assertNothingLeft(one, `after a kill at ${words(index, operation)}`);
      if (index % 5 !== 0) continue;
      await place.must(one, 'create');
      await place.must(one, 'delete', '--force');
    }
    await place.assertNothingLeft(one, 'at the end');
  });
}

test('the session keyrings of all of them are collected', root(), () => place.assertKeyringsGone());

test('every operation of the table is in one of the plans that are failed', root(), async () => {
  const seen = new Set<string>(Object.keys(notHere));
  for (const faulty of faultPlans) {
    const one = await place.subject(faulty, ['true']);
    for (const { name } of [...one.plan, ...place.process(one, faultyExec)]) seen.add(name);
  }
  assert.deepEqual(
    Object.keys(operations).filter((name) => !seen.has(name)),
    [],
    'operations without a fault test: add what asks for them to test/faults/plans.ts',
  );
});
