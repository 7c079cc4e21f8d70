// containerd's events, followed for as long as the daemon lives. A broken stream is opened again, and after every opening
// the daemon asks about each container that it believes to run: an exit in between is found and not waited for.
// Rule: one shim that does not answer keeps nobody from hearing of the others.
import { fromBinary } from '@bufbuild/protobuf';
import { asLabError, LabError } from '../base/errors.ts';
import {
  TaskExitSchema,
  TaskOOMSchema,
  TaskPausedSchema,
  TaskResumedSchema,
} from '../containerd/proto/gen/event_types_pb.ts';
import { Status } from '../shim/proto/gen/process_pb.ts';
import { emit } from '../trace/recorder.ts';
import type { Container } from './container/container.ts';
import { containerExited, type Exit, missedExitNow } from './container/exit.ts';
import { dropLeftTask } from './container/left-task.ts';
import { followFreezer } from './container/pause.ts';
import { removeItself } from './container/remove.ts';
import type { Engine } from './engine.ts';
import type { Exec } from './exec/execs.ts';
import { dropLeftExecs, dropUnknownExec } from './exec/left.ts';
import { execExited } from './exec/start.ts';
import { wallClockNs } from './time.ts';

const retryMs = 100;

export interface Follower {
  /** The first stream is open, so no exit of a task started from now on is missed. */
  ready: Promise<void>;
  stop(): void;
}

export function followTasks(engine: Engine): Follower {
  const controller = new AbortController();
  const ready = Promise.withResolvers<void>();
  follow(engine, controller.signal, ready.resolve).catch((error) => ready.reject(error));
  return { ready: ready.promise, stop: () => controller.abort() };
}

async function follow(engine: Engine, signal: AbortSignal, opened: () => void): Promise<void> {
  while (!signal.aborted) {
    // A stream that is given up must not go on filling on the other side.
    const attempt = new AbortController();
    try {
      await followOnce(engine, AbortSignal.any([signal, attempt.signal]), opened);
    } catch (error) {
      if (signal.aborted) return;
      if (asLabError(error).kind !== 'unavailable')
        process.emitWarning(`following containerd: ${asLabError(error).message}`);
    } finally {
      attempt.abort();
    }
    await pause(signal);
  }
}

async function followOnce(engine: Engine, signal: AbortSignal, opened: () => void): Promise<void> {
  const filters = [`topic~=|^/tasks/|,namespace==${engine.containerd.namespace}`];
  const stream = engine.containerd.events.subscribe({ filters }, { signal });
  const iterator = stream[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => {});
  // A call after the subscription on the same connection: when it is answered the subscription stands.
  await engine.containerd.version.version({});
  const handleAll = async (): Promise<void> => {
    for (let item = await first; item.done !== true; item = await iterator.next()) handle(engine, item.value);
  };
  await Promise.all([reconcile(engine).then(opened), handleAll()]);
}

/** The connection itself backs off; this only keeps a broken server from spinning us. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, retryMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface Envelope {
  topic: string;
  event?: { value: Uint8Array } | undefined;
}

function handle(engine: Engine, { topic, event }: Envelope): void {
  if (event === undefined) return;
  if (topic === '/tasks/exit') {
    const exit = fromBinary(TaskExitSchema, event.value);
    const at = exit.exitedAt;
    const exitedNs = at === undefined ? wallClockNs() : at.seconds * 1_000_000_000n + BigInt(at.nanos);
    report(exited(engine, { ...exit, exitedNs }));
  }
  if (topic === '/tasks/oom') markOom(engine, fromBinary(TaskOOMSchema, event.value).containerId);
  if (topic === '/tasks/paused') frozen(engine, fromBinary(TaskPausedSchema, event.value).containerId, 'running');
  if (topic === '/tasks/resumed') frozen(engine, fromBinary(TaskResumedSchema, event.value).containerId, 'paused');
}

interface TaskExit {
  containerId: string;
  id: string;
  pid: number;
  exitStatus: number;
  exitedNs: bigint;
}

async function exited(engine: Engine, { containerId, id, pid, exitStatus, exitedNs }: TaskExit): Promise<void> {
  if (id !== '' && id !== containerId) {
    const exec = engine.execs.get(id);
    if (exec !== undefined) await execExited(engine, exec, exitStatus);
    else if (engine.containers.has(containerId)) await dropUnknownExec(engine, { containerId, execId: id });
    return;
  }
  if (engine.containers.has(containerId)) {
    const container = engine.containers.find(containerId);
    await container.inTraceOfStart(() => containerExited(engine, container, { exitCode: exitStatus, exitedNs, pid }));
  }
}

function markOom(engine: Engine, containerId: string): void {
  if (!engine.containers.has(containerId)) return;
  const container = engine.containers.find(containerId);
  container.record.lifecycle.isOomKilled = true;
  container.saveOrWarn();
  container.inTraceOfStart(() =>
    emit('daemon.out-of-memory-reported', { data: { id: container.id, name: container.name } }),
  );
  engine.events.publish('container', 'oom', containerId, container.eventAttributes());
}

/** Somebody else has paused it or made it go on; what the daemon itself did, its state says already. */
function frozen(engine: Engine, containerId: string, believed: 'running' | 'paused'): void {
  if (!engine.containers.has(containerId)) return;
  const container = engine.containers.find(containerId);
  if (container.status === believed) report(followFreezer(engine, container));
}

const report = (work: Promise<void>): void => {
  work.catch((error) => process.emitWarning(`handling a task's event: ${asLabError(error).message}`));
};

/**
 * Finds exits that no event told of, and drops tasks whose end could not be settled. What is being started is asked about when it has
 * started: its exit too may be over before somebody listens.
 */
export async function reconcile(engine: Engine): Promise<void> {
  report(dropLeftExecs(engine));
  const containers = engine.containers.all();
  const { containers: listed } = await engine.containerd.containers.list({});
  const kept = new Set(listed.map(({ id }) => id));
  const isRunning = (container: Container): boolean => container.isRunning;
  const drop = async (container: Container): Promise<void> => {
    if (!container.isRunning && kept.has(container.id)) await dropLeftTask(engine, container.id);
  };
  for (const container of containers.filter((container) => !isRunning(container)))
    report(container.exclusively(() => drop(container)).then(() => goOn(engine, container)));
  await Promise.all(
    containers.filter(isRunning).map((container) => findExits(engine, container).catch(unlessGone(container))),
  );
}

/** From where its start, or its own removal, was when containerd went away. */
async function goOn(engine: Engine, container: Container): Promise<void> {
  if (container.status === 'dead' && container.record.host.AutoRemove) removeItself(engine, container);
  await findExits(engine, container);
}

/** Of a shim that is only slow the exit will be told when it happens; without containerd everything is asked again. */
const unlessGone =
  ({ id }: Container) =>
  (thrown: unknown): void => {
    const error = asLabError(thrown);
    if (error.kind === 'unavailable') throw error;
    process.emitWarning(`asking what became of container ${id}: ${error.message}`);
  };

async function findExits(engine: Engine, container: Container): Promise<void> {
  if (!container.isRunning) return;
  const { pid } = container.record.lifecycle;
  const exit = await missedExit(engine, container);
  if (exit !== undefined) return await containerExited(engine, container, { ...exit, pid });
  await followFreezer(engine, container);
  const execs = [...container.execIds].map((id) => engine.execs.get(id)).filter((exec) => exec !== undefined);
  await Promise.all(execs.map((exec) => findExecExit(engine, exec)));
}

async function findExecExit(engine: Engine, exec: Exec): Promise<void> {
  if (exec.status !== 'running') return;
  try {
    const { process } = await engine.containerd.tasks.get({ containerId: exec.container.id, execId: exec.id });
    if (process?.status === Status.STOPPED) await execExited(engine, exec, process.exitStatus);
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'notFound') throw error;
    // Without a pid it is on its way to the shim: whoever starts it learns what became of it.
    if (exec.pid !== 0) await execExited(engine, exec, unknownExitCode);
  }
}

/** What Docker says when nobody knows the status any more. */
const unknownExitCode = 255;

async function missedExit(engine: Engine, container: Container): Promise<Exit | undefined> {
  try {
    const { process: task } = await engine.containerd.tasks.get({ containerId: container.id, execId: '' });
    if (task === undefined || task.status !== Status.STOPPED) return undefined;
    const at = task.exitedAt;
    const exitedNs = at === undefined ? wallClockNs() : at.seconds * 1_000_000_000n + BigInt(at.nanos);
    return { exitCode: task.exitStatus, exitedNs, isMissed: true };
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return missedExitNow(unknownExitCode);
    throw error;
  }
}
