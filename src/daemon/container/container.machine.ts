// The life of a container. The engine moves only along these arrows, and every refusal is read off them:
// a verb that a state does not list is refused with the states that do.
import { createMachine, getInitialSnapshot, getNextSnapshot } from 'xstate';
import { LabError } from '../../base/errors.ts';
import type { ContainerStatus } from '../protocol.ts';

/** What a person asks for; EXITED, BACKED_OFF, START_FAILED, REMOVED and REMOVE_FAILED are what happens. */
export type Verb =
  | 'START'
  | 'STOP'
  | 'KILL'
  | 'PAUSE'
  | 'UNPAUSE'
  | 'EXEC'
  | 'TOP'
  | 'RESIZE'
  | 'UPDATE'
  | 'RENAME'
  | 'REMOVE';
export type LifeEvent = { type: Verb | 'EXITED' | 'BACKED_OFF' | 'START_FAILED' | 'REMOVED' | 'REMOVE_FAILED' };

const administration = { UPDATE: {}, RENAME: {} } as const;

/** @source docker-api ContainerState#Status */
export const containerMachine = createMachine({
  types: {} as { events: LifeEvent },
  id: 'container',
  initial: 'created',
  states: {
    created: { on: { START: 'running', START_FAILED: 'created', REMOVE: 'removing', ...administration } },
    running: {
      on: {
        EXITED: 'exited',
        BACKED_OFF: 'restarting',
        PAUSE: 'paused',
        STOP: {},
        KILL: {},
        EXEC: {},
        TOP: {},
        RESIZE: {},
        ...administration,
      },
    },
    paused: {
      on: {
        UNPAUSE: 'running',
        EXITED: 'exited',
        BACKED_OFF: 'restarting',
        STOP: {},
        KILL: {},
        TOP: {},
        ...administration,
      },
    },
    restarting: {
      on: {
        START: 'running',
        BACKED_OFF: 'restarting',
        START_FAILED: 'exited',
        STOP: 'exited',
        KILL: 'exited',
        ...administration,
      },
    },
    exited: { on: { START: 'running', START_FAILED: 'exited', REMOVE: 'removing', ...administration } },
    removing: { on: { REMOVED: 'removed', REMOVE_FAILED: 'dead' } },
    dead: { on: { REMOVE: 'removing' } },
    removed: { type: 'final' },
  },
});

type State = keyof typeof containerMachine.states;

/** Where an event leads, or undefined when the state does not take it. */
export function nextStatus(status: ContainerStatus, event: LifeEvent): ContainerStatus | 'removed' | undefined {
  if (!accepts(status, event.type)) return undefined;
  const here = containerMachine.resolveState({ value: status, context: {} });
  return getNextSnapshot(containerMachine, here, event).value as ContainerStatus | 'removed';
}

export const initialStatus = (): ContainerStatus => getInitialSnapshot(containerMachine).value as ContainerStatus;

const accepts = (status: ContainerStatus, event: LifeEvent['type']): boolean =>
  event in (containerMachine.states[status as State]?.config.on ?? {});

/** The states that take a verb, in the machine's order. */
export const statesFor = (verb: Verb): string[] =>
  Object.keys(containerMachine.states).filter((state) => accepts(state as ContainerStatus, verb));

/** Errors: conflict, naming the state seen and the states needed. */
export function requireState(verb: Verb, container: { name: string; status: ContainerStatus }): void {
  if (accepts(container.status, verb)) return;
  const needed = alternatives(statesFor(verb));
  throw new LabError(
    'conflict',
    `cannot ${verb.toLowerCase()} container "${container.name}": it is ${container.status}, must be ${needed}`,
    { ...hintFor(verb, container.status), data: { verb, status: container.status, needed: statesFor(verb) } },
  );
}

function hintFor(verb: Verb, status: ContainerStatus): { hint?: string } {
  if (verb === 'REMOVE') return { hint: 'stop the container before removing it, or force the removal' };
  if (status === 'paused') return { hint: 'unpause it first' };
  return status === 'created' || status === 'exited' ? { hint: 'start it first' } : {};
}

const alternatives = (names: string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
