// The life of a task and of an exec in it, as data: which verb may come in which state. The shim is the authority on what happened;
// this machine is how the service knows what it may ask for, and where every state change is seen.
// Rule: `stopped` is reached by an exit only, `deleted` by a delete only, and nothing follows `deleted`.
import { setup } from 'xstate';

export type ProcessEvent =
  | { type: 'create' }
  | { type: 'start' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'exit' }
  | { type: 'delete' }
  /** What the shim says, when this process has just come to know the task again. */
  | { type: 'found'; as: 'created' | 'running' | 'paused' | 'stopped' };

const events = setup({ types: { events: {} as ProcessEvent } });

const found = (as: 'created' | 'running' | 'paused' | 'stopped') => ({
  guard: ({ event }: { event: ProcessEvent }) => event.type === 'found' && event.as === as,
  target: as,
});

const finding = { found: [found('created'), found('running'), found('paused'), found('stopped')] };

/** @source containerd api/types/task Status */
export const taskMachine = events.createMachine({
  id: 'task',
  initial: 'absent',
  states: {
    absent: { on: { create: 'created', ...finding } },
    created: { on: { start: 'running', exit: 'stopped', delete: 'deleted', ...finding } },
    running: { on: { pause: 'paused', exit: 'stopped', ...finding } },
    paused: { on: { resume: 'running', exit: 'stopped', ...finding } },
    stopped: { on: { delete: 'deleted' } },
    deleted: { type: 'final' },
  },
});

/** An exec cannot be paused alone, and one that was never started may be deleted. */
export const execMachine = events.createMachine({
  id: 'exec',
  initial: 'absent',
  states: {
    absent: { on: { create: 'created', ...finding } },
    created: { on: { start: 'running', exit: 'stopped', delete: 'deleted', ...finding } },
    running: { on: { exit: 'stopped', ...finding } },
    paused: { on: { exit: 'stopped', ...finding } },
    stopped: { on: { delete: 'deleted' } },
    deleted: { type: 'final' },
  },
});
