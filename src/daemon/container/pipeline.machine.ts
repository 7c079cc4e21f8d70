// The way of one start down the stages. Each state is one step of launch.ts; DONE goes on, FAILED goes to undoing, which takes back
// in reverse order what the steps before it made. The engine runs on this machine, and traces show each of its transitions.
import { createMachine, getInitialSnapshot, getNextSnapshot } from 'xstate';

export type PipelineEvent = { type: 'DONE' | 'FAILED' };

export const pipelineMachine = createMachine({
  types: {} as { events: PipelineEvent },
  id: 'pipeline',
  initial: 'connecting',
  states: {
    /** Network sandbox and root filesystem, side by side. */
    connecting: { on: { DONE: 'specifying', FAILED: 'undoing' } },
    /** config.json, its provenance, the FIFOs. */
    specifying: { on: { DONE: 'recording', FAILED: 'undoing' } },
    /** containerd writes the container down. */
    recording: { on: { DONE: 'creating', FAILED: 'undoing' } },
    /** containerd → shim → runc create: everything but the program. */
    creating: { on: { DONE: 'starting', FAILED: 'undoing' } },
    /** containerd → shim → runc start: the program. */
    starting: { on: { DONE: 'running', FAILED: 'undoing' } },
    undoing: { on: { DONE: 'failed', FAILED: 'failed' } },
    running: { type: 'final' },
    failed: { type: 'final' },
  },
});

export type PipelineStep = 'connecting' | 'specifying' | 'recording' | 'creating' | 'starting' | 'undoing';

/**
 * Runs the steps from the first state to a final one.
 * @param onMove told of every transition, before the next step begins
 * @throws what the first failed step threw, after undoing
 */
export async function runPipeline(
  steps: Readonly<Record<PipelineStep, () => Promise<void>>>,
  onMove: (from: string, to: string) => void,
): Promise<void> {
  const failures: unknown[] = [];
  let snapshot = getInitialSnapshot(pipelineMachine);
  while (snapshot.status === 'active') {
    const step = snapshot.value as PipelineStep;
    const type = await steps[step]().then(
      () => 'DONE' as const,
      (thrown: unknown) => {
        failures.push(thrown);
        return 'FAILED' as const;
      },
    );
    snapshot = getNextSnapshot(pipelineMachine, snapshot, { type });
    onMove(step, String(snapshot.value));
  }
  if (failures.length > 0) throw failures[0];
}
