// Starting a container: sandbox and snapshot at once, then config.json, FIFOs, Containers/Create, Tasks/Create, Tasks/Start.
// Each step pushes its undo; a failure takes everything back in reverse order and leaves the container as it was.
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { asLabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { UndoStack } from '../../base/undo.ts';
import { currentTrace, withCause } from '../../trace/context.ts';
import { emit } from '../../trace/recorder.ts';
import { type Engine, snapshotter } from '../engine.ts';
import type { Sandbox } from '../network/networking.ts';
import { requireRuntime, runtimeOptions } from '../runtimes.ts';
import { specBytes } from '../spec/generate.ts';
import { Streams } from '../stdio/streams.ts';
import { timestampNow } from '../time.ts';
import type { Container } from './container.ts';
import { writeFiles } from './files.ts';
import { keepLog } from './logging.ts';
import { never } from './record.ts';
import { removeNow } from './remove.ts';
import { startFailure } from './task-errors.ts';
import { specOf } from './task-spec.ts';

/** @source containerd typeurl: how Go clients name the documents in an Any */
export const specType = 'types.containerd.io/opencontainers/runtime-spec/1/Spec';
export const processType = 'types.containerd.io/opencontainers/runtime-spec/1/Process';

/** False when it runs already. Errors: as the runtime says; `programNotFound`, `notExecutable`. */
export function startContainer(engine: Engine, container: Container): Promise<boolean> {
  return container.exclusively(async () => {
    if (container.status === 'running') return false;
    container.require('START');
    await startExclusive(engine, container);
    return true;
  });
}

/** The caller holds the container. */
export async function startExclusive(engine: Engine, container: Container): Promise<void> {
  rememberTrace(container);
  const undo = new UndoStack();
  try {
    const pid = await launch(engine, container, undo);
    undo.keep();
    started(engine, container, pid);
  } catch (thrown) {
    const { error, exitCode } = startFailure(thrown, container.record.path);
    await undo.undo();
    failed(engine, container, { exitCode, message: error.message });
    throw error;
  }
}

/** Only while that trace is still being written: afterwards the exit is nobody's news. */
function rememberTrace(container: Container): void {
  const trace = currentTrace();
  const enter = AsyncLocalStorage.snapshot();
  container.inTraceOfStart = (body) => {
    const isOpen = trace !== undefined && existsSync(`${paths.traces}/${trace.traceId}/parts`);
    return isOpen ? enter(body) : body();
  };
}

async function launch(engine: Engine, container: Container, undo: UndoStack): Promise<number> {
  const { id } = container;
  const [sandbox, { mounts: rootfs }] = await Promise.all([
    makeSandbox(engine, container, undo),
    withCause('api:/Image', () => engine.containerd.snapshots.mounts({ snapshotter, key: id })),
  ]);
  container.record.sandbox = sandbox;
  writeFiles(container, engine.configuration);
  const generated = specOf(engine, container, { rootfs, sandbox });
  const streams = openStreams(container);
  undo.push('streams', () => closeStreams(container));
  const runtime = requireRuntime(engine.runtimes, container.record.runtime);
  const options = runtimeOptions(runtime);
  await engine.containerd.containers.create({
    container: {
      id,
      labels: { 'com.docker/engine.bundle.path': '' },
      image: container.record.image.reference,
      runtime: { name: runtime.type, ...(options === undefined ? {} : { options }) },
      spec: { typeUrl: specType, value: specBytes(generated.config) },
      snapshotter,
      snapshotKey: id,
      extensions: {
        'io.tlab.provenance': {
          typeUrl: 'io.tlab.provenance',
          value: Buffer.from(JSON.stringify(generated.provenance)),
        },
      },
    },
  });
  undo.push('containerd container', () => engine.containerd.containers.delete({ id }));
  await engine.containerd.tasks.create({
    containerId: id,
    rootfs,
    ...streams.paths,
    terminal: container.record.config.Tty ?? false,
    ...(options === undefined ? {} : { options }),
  });
  undo.push('task', () => dropTask(engine, id));
  const { pid } = await engine.containerd.tasks.start({ containerId: id, execId: '' });
  return pid;
}

async function makeSandbox(engine: Engine, container: Container, undo: UndoStack): Promise<Sandbox> {
  const { id, name, config, host, image } = container.record;
  undo.push('network sandbox', () => engine.networking.deleteSandbox(id));
  const exposed = [...Object.keys(config.ExposedPorts ?? {}), ...Object.keys(image.config.ExposedPorts ?? {})];
  const bindings = Object.entries(host.PortBindings ?? {}).map(([port, list]) => [
    port.includes('/') ? port : `${port}/tcp`,
    (list ?? []).map(({ HostIp, HostPort }) => ({ HostIp: HostIp ?? '', HostPort: HostPort ?? '' })),
  ]);
  return withCause('api:/HostConfig/NetworkMode', () =>
    engine.networking.createSandbox({
      id,
      name,
      hostname: config.Hostname || id.slice(0, 12),
      networkMode: host.NetworkMode || 'default',
      portBindings: Object.fromEntries(bindings),
      exposedPorts: exposed.map((port) => (port.includes('/') ? port : `${port}/tcp`)),
      publishAll: host.PublishAllPorts,
    }),
  );
}

/** Attached clients may have opened the streams before the start. */
export function openStreams(container: Container): Streams {
  if (container.streams === undefined) {
    const { config } = container.record;
    container.streams = new Streams({
      folder: container.streamsFolder,
      hasStdin: config.OpenStdin ?? false,
      isTerminal: config.Tty ?? false,
    });
    emit('daemon.fifo-made', { data: { paths: Object.values(container.streams.paths).filter((path) => path !== '') } });
  }
  keepLog(container);
  return container.streams;
}

export function closeStreams(container: Container): void {
  container.streams?.close();
  container.streams = undefined;
  container.log?.close();
  container.log = undefined;
}

/** Kills and deletes a task that must not stay. */
async function dropTask(engine: Engine, containerId: string): Promise<void> {
  await engine.containerd.tasks.kill({ containerId, execId: '', signal: 9, all: true }).catch(() => {});
  await engine.containerd.tasks.delete({ containerId });
}

function started(engine: Engine, container: Container, pid: number): void {
  const { lifecycle } = container.record;
  container.move({ type: 'START' });
  Object.assign(lifecycle, { pid, exitCode: 0, error: '', startedAt: timestampNow(), finishedAt: never });
  Object.assign(lifecycle, { isOomKilled: false, isStoppedByUser: false });
  container.isStopping = false;
  container.save();
  container.restart.send({ type: 'STARTED' });
  const { sandbox } = container.record;
  if (sandbox !== undefined) {
    engine.events.publish('network', 'connect', sandbox.networkId, {
      container: container.id,
      name: sandbox.network,
      type: sandbox.network,
    });
  }
  engine.events.publish('container', 'start', container.id, container.eventAttributes());
  container.emit('started');
}

function failed(
  engine: Engine,
  container: Container,
  { exitCode, message }: { exitCode: number; message: string },
): void {
  Object.assign(container.record.lifecycle, { exitCode, error: message, pid: 0 });
  container.record.sandbox = undefined;
  container.move({ type: 'START_FAILED' });
  container.save();
  container.restart.send({ type: 'START_FAILED' });
  if (!container.record.host.AutoRemove) return;
  removeNow(engine, container, { removeVolumes: true }).catch((error) => {
    process.emitWarning(`removing container ${container.id}: ${asLabError(error).message}`);
  });
}
