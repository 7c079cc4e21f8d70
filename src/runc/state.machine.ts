// The OCI state of a container. Verbs ask it what is allowed and take its words for a refusal; native/runc/verbs hold to the same
// table (a test compares them). The machine decides, it does nothing. @source oci-runtime runtime#state, runtime#lifecycle
import { type getInitialSnapshot, getNextSnapshot, setup } from 'xstate';
import { LabError } from '../base/errors.ts';

export const ociStatuses = ['creating', 'created', 'running', 'paused', 'stopped'] as const;
export type OciStatus = (typeof ociStatuses)[number];

/** What a caller may ask for; `created` and `exit` are what happens by itself. */
export type OciEvent = 'created' | 'start' | 'exec' | 'update' | 'kill' | 'pause' | 'resume' | 'exit' | 'delete';

/** A self-transition is an allowed verb that changes nothing by itself: a signal ends a container through `exit`. */
export const ociMachine = setup({ types: { events: {} as { type: OciEvent } } }).createMachine({
  id: 'oci',
  initial: 'creating',
  states: {
    creating: { on: { created: 'created', exit: 'stopped' } },
    created: {
      on: { start: 'running', exec: 'created', update: 'created', kill: 'created', pause: 'paused', exit: 'stopped' },
    },
    running: { on: { exec: 'running', update: 'running', kill: 'running', pause: 'paused', exit: 'stopped' } },
    // One that was paused before its start is created again: the kernel remembers that, not this table.
    paused: { on: { update: 'paused', kill: 'paused', resume: 'running', exit: 'stopped' } },
    stopped: { on: { delete: 'deleted' } },
    deleted: { type: 'final' },
  },
});

/** Which statuses allow a verb, in the order of a life. */
export const statusesThatAllow = (event: OciEvent): OciStatus[] =>
  ociStatuses.filter((status) => snapshotOf(status).can({ type: event }));

/** Where a verb leads, or undefined when the status does not allow it. */
export function nextStatus(status: OciStatus, event: OciEvent): OciStatus | 'deleted' | undefined {
  const snapshot = snapshotOf(status);
  if (!snapshot.can({ type: event })) return undefined;
  return getNextSnapshot(ociMachine, snapshot, { type: event }).value as OciStatus | 'deleted';
}

/** Throws `conflict`: `pausing container "web": it is stopped, must be created or running`. */
export function mustAllow(event: OciEvent, container: { id: string; status: OciStatus }): void {
  const allowed = statusesThatAllow(event);
  if (allowed.includes(container.status)) return;
  throw new LabError(
    'conflict',
    `${gerunds[event]} container "${container.id}": it is ${container.status}, must be ${inWords(allowed)}`,
  );
}

const gerunds: Readonly<Record<OciEvent, string>> = {
  created: 'creating',
  start: 'starting',
  exec: 'executing in',
  update: 'updating',
  kill: 'killing',
  pause: 'pausing',
  resume: 'resuming',
  exit: 'ending',
  delete: 'deleting',
};

const inWords = (statuses: readonly string[]): string =>
  statuses.length < 2 ? statuses.join() : `${statuses.slice(0, -1).join(', ')} or ${statuses.at(-1)}`;

const snapshotOf = (status: OciStatus): ReturnType<typeof getInitialSnapshot<typeof ociMachine>> =>
  ociMachine.resolveState({ value: status });
