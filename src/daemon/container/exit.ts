// A task has ended: its last output is read, what containerd and the network keep of it goes, the state says so, and the
// restart policy decides. Called for the event /tasks/exit and for an exit that was missed while the daemon was away.
import { asLabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import { removeExecFifos } from '../exec/left.ts';
import type { Sandbox } from '../network/networking.ts';
import { formatNs, parseRfc3339, wallClockNs } from '../time.ts';
import type { Container } from './container.ts';
import { ignoreMissing } from './missing.ts';
import { removeItself } from './remove.ts';

export interface Exit {
  exitCode: number;
  exitedNs: bigint;
  /** Whose end it was: a shim that was kept from telling may do so when the next run has begun. 0 or undefined: nobody knows. */
  pid?: number | undefined;
  /** Nobody told of it when it happened: the other end of the streams is long closed, and no end of file will come. */
  isMissed?: boolean;
}

/** How long the last output may take to arrive: a child that outlives the program can hold the pipe. */
const outputGraceMs = 2000;
const missedOutputGraceMs = 100;

/** Does nothing when the container does not run: an event and a reconciliation may both tell of the same exit. */
export function containerExited(engine: Engine, container: Container, exit: Exit): Promise<void> {
  return container.exclusively(async () => {
    if (!container.isRunning || (exit.pid && exit.pid !== container.record.lifecycle.pid)) return;
    await settleStreams(engine, container, exit);
    const { sandbox } = container.record;
    container.record.sandbox = undefined;
    recordExit(engine, container, exit);
    // What cannot be released must not keep those who wait for the end.
    await releaseTask(engine, container, sandbox).catch((error) =>
      process.emitWarning(`releasing container ${container.id}: ${asLabError(error).message}`),
    );
    afterExit(engine, container);
  });
}

async function settleStreams(engine: Engine, container: Container, { isMissed }: Exit): Promise<void> {
  await Promise.all([
    container.streams?.finish(isMissed ? missedOutputGraceMs : outputGraceMs),
    deleteTask(engine, container.id),
  ]);
  container.streams = undefined;
  container.log?.close();
  container.log = undefined;
  removeExecFifos(container.id);
}

/** Once more when it is refused. A task that cannot be deleted even so is an orphan, and must not keep its container running. */
async function deleteTask({ containerd }: Engine, containerId: string): Promise<void> {
  const attempt = (): Promise<unknown> => ignoreMissing(containerd.tasks.delete({ containerId }));
  await attempt()
    .catch(attempt)
    .catch((error) => process.emitWarning(`deleting the task of ${containerId}: ${asLabError(error).message}`));
}

function recordExit(engine: Engine, container: Container, { exitCode, exitedNs }: Exit): void {
  const { lifecycle } = container.record;
  const ranMs = Number((exitedNs - (parseRfc3339(lifecycle.startedAt) ?? exitedNs)) / 1_000_000n);
  Object.assign(lifecycle, { exitCode, pid: 0, finishedAt: formatNs(exitedNs) });
  container.restart.send(lifecycle.isStoppedByUser ? { type: 'STOPPED' } : { type: 'EXITED', exitCode, ranMs });
  const isBackingOff = container.restart.getSnapshot().value === 'backingOff';
  container.move({ type: isBackingOff ? 'BACKED_OFF' : 'EXITED' });
  container.saveOrWarn();
  const execDuration = `${Math.max(0, Math.floor(ranMs / 1000))}`;
  engine.events.publish(
    'container',
    'die',
    container.id,
    container.eventAttributes({ exitCode: `${exitCode}`, execDuration }),
  );
  for (const id of container.execIds) engine.execs.remove(id);
  container.execIds.clear();
  container.emit('exited');
}

async function releaseTask(engine: Engine, container: Container, sandbox: Sandbox | undefined): Promise<void> {
  await Promise.all([
    ignoreMissing(engine.containerd.containers.delete({ id: container.id })),
    engine.networking.deleteSandbox(container.id),
  ]);
  if (sandbox !== undefined) {
    const attributes = { container: container.id, name: sandbox.network, type: sandbox.network };
    engine.events.publish('network', 'disconnect', sandbox.networkId, attributes);
  }
}

function afterExit(engine: Engine, container: Container): void {
  if (container.record.host.AutoRemove && container.status === 'exited') removeItself(engine, container);
}

export const missedExitNow = (exitCode: number): Exit => ({ exitCode, exitedNs: wallClockNs(), isMissed: true });
