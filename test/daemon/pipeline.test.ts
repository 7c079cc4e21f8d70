import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PipelineStep, runPipeline } from '../../src/daemon/container/pipeline.machine.ts';

/** Steps that note their names; those in `failing` then throw. */
function noting(failing: PipelineStep[] = []) {
  const done: string[] = [];
  const step = (name: PipelineStep) => async () => {
    done.push(name);
    if (failing.includes(name)) throw new Error(`${name} failed`);
  };
  const names = ['connecting', 'specifying', 'recording', 'creating', 'starting', 'undoing'] as const;
  const steps = Object.fromEntries(names.map((name) => [name, step(name)])) as Record<
    PipelineStep,
    () => Promise<void>
  >;
  return { done, steps };
}

test('a start walks every stage once, in order, and ends running', async () => {
  const { done, steps } = noting();
  const moves: string[] = [];
  await runPipeline(steps, (from, to) => moves.push(`${from} → ${to}`));
  assert.deepEqual(done, ['connecting', 'specifying', 'recording', 'creating', 'starting']);
  assert.equal(moves.at(-1), 'starting → running');
});

for (const failing of ['connecting', 'specifying', 'recording', 'creating', 'starting'] as const) {
  test(`a failure while ${failing} is undone, nothing after it is tried, and its error comes out`, async () => {
    const { done, steps } = noting([failing]);
    const moves: string[] = [];
    await assert.rejects(
      runPipeline(steps, (from, to) => moves.push(`${from} → ${to}`)),
      { message: `${failing} failed` },
    );
    assert.deepEqual(done.slice(-2), [failing, 'undoing']);
    assert.deepEqual(moves.slice(-2), [`${failing} → undoing`, 'undoing → failed']);
  });
}

test('an undo that fails too does not hide what failed first', async () => {
  const { steps } = noting(['creating', 'undoing']);
  await assert.rejects(
    runPipeline(steps, () => {}),
    { message: 'creating failed' },
  );
});
