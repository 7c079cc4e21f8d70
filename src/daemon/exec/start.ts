// Starting an exec: its process document from the container's own, FIFOs, Tasks/Exec, Tasks/Start.

import type { Duplex } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { pipeInput, pipeOutput, tellInputEnd } from '../container/attach.ts';
import { snapshotOf } from '../container/record.ts';
import { startFailure } from '../container/task-errors.ts';
import { specInput, userOf } from '../container/task-spec.ts';
import type { Engine } from '../engine.ts';
import { chooseCapabilities } from '../spec/capabilities.ts';
import { generateSpec, specBytes } from '../spec/generate.ts';
import { processType } from '../spec/types.ts';
import { frameOf, unframed } from '../stdio/output.ts';
import { Streams } from '../stdio/streams.ts';
import type { Exec, ExecConfig } from './execs.ts';
import { dropExec, streamsFolderOf } from './left.ts';

/** Errors: conflict when the container does not run. */
export function createExec(engine: Engine, exec: { container: Exec['container']; config: ExecConfig }): Exec {
  const { container, config } = exec;
  container.require('EXEC');
  if ((config.Cmd ?? []).length === 0) throw new LabError('invalidArgument', 'No exec command specified');
  const created = engine.execs.add(container, config);
  publish(engine, created, { action: `exec_create${commandSuffix(config)}` });
  return created;
}

/** A space follows the program, arguments or not. @source moby daemon/exec.go */
const commandSuffix = ({ Cmd: [program, ...args] = [] }: ExecConfig): string => `: ${program} ${args.join(' ')}`;

function publish(engine: Engine, exec: Exec, event: { action: string; attributes?: Record<string, string> }): void {
  const attributes = exec.container.eventAttributes({ execID: exec.id, ...event.attributes });
  engine.events.publish('container', event.action, exec.container.id, attributes);
}

/** `connect` gives the hijacked connection; undefined runs it detached. */
export async function startExec(engine: Engine, exec: Exec, connect?: () => Duplex): Promise<void> {
  if (exec.status !== 'created') {
    throw new LabError(
      'conflict',
      `exec ${exec.id.slice(0, 12)} has already run: it is ${exec.status}, must be created`,
    );
  }
  exec.container.require('EXEC');
  const streams = new Streams({
    folder: streamsFolderOf({ containerId: exec.container.id, execId: exec.id }),
    hasStdin: connect !== undefined && (exec.config.AttachStdin ?? false),
    isTerminal: exec.config.Tty ?? false,
  });
  exec.streams = streams;
  exec.status = 'running';
  let connection: Duplex | undefined;
  try {
    // Connected first: docker's client takes whatever comes for a stream, an error's JSON too.
    connection = connect?.();
    if (connection !== undefined) joinOutput(exec, streams, connection);
    await addProcess(engine, exec, streams);
    const { pid } = await engine.containerd.tasks.start({ containerId: exec.container.id, execId: exec.id });
    exec.pid = pid;
    // Nobody reads the FIFO before the start.
    if (connection !== undefined) joinInput(engine, exec, connection);
    publish(engine, exec, { action: `exec_start${commandSuffix(exec.config)}` });
  } catch (thrown) {
    const { error, exitCode } = startFailure(thrown, exec.config.Cmd?.[0] ?? '');
    exec.status = 'exited';
    exec.exitCode = exitCode === 128 ? 126 : exitCode;
    await dropExec(engine, exec).catch(() => engine.execs.left.add(exec));
    if (connection !== undefined) sayFailure(exec, connection, error.message);
    engine.execs.remove(exec.id);
    throw error;
  }
}

/** The connection is a stream by now: its reader learns the reason there, as with Docker, and the status by inspecting. */
function sayFailure({ config }: Exec, connection: Duplex, reason: string): void {
  const name = config.AttachStderr ? 'stderr' : 'stdout';
  const frame = config.Tty ? unframed : frameOf;
  connection.write(frame(name, Buffer.from(`${reason}\r\n`)));
}

async function addProcess(engine: Engine, exec: Exec, streams: Streams): Promise<void> {
  const { container } = exec;
  const { mounts: rootfs } = await engine.containerd.snapshots.mounts(snapshotOf(container.record));
  await engine.containerd.tasks.exec({
    containerId: container.id,
    execId: exec.id,
    ...streams.paths,
    terminal: exec.config.Tty ?? false,
    spec: { typeUrl: processType, value: specBytes(processOf(engine, exec, rootfs)) },
  });
}

type Rootfs = Parameters<typeof userOf>[0];

/** The container's process with another program: same environment, directory, limits and filter unless told otherwise. */
function processOf(engine: Engine, { container, config }: Exec, rootfs: Rootfs): unknown {
  const base = generateSpec(specInput(engine, container, { rootfs, sandbox: container.record.sandbox })).config.process;
  const names = new Set((config.Env ?? []).map((variable) => variable.split('=', 1)[0]));
  const inherited = (base?.env ?? []).filter((variable) => !names.has(variable.split('=', 1)[0]));
  const terminal = config.Tty && !container.record.config.Tty ? ['TERM=xterm'] : [];
  const user = config.User ? userOf(rootfs, config.User, []) : undefined;
  const capabilities = chooseCapabilities(
    { ...container.record.host, Privileged: config.Privileged || container.record.host.Privileged },
    engine.facts.capabilities,
  ).capabilities;
  const ids = user === undefined ? base?.user : { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids };
  const home =
    user === undefined
      ? inherited
      : inherited.map((entry) => (entry.startsWith('HOME=') ? `HOME=${user.home}` : entry));
  const [height, width] = config.ConsoleSize ?? [];
  return {
    ...base,
    terminal: config.Tty ?? false,
    ...(height && width ? { consoleSize: { height, width } } : {}),
    args: config.Cmd,
    env: [...home, ...terminal, ...(config.Env ?? [])],
    cwd: config.WorkingDir || (base?.cwd ?? '/'),
    user: ids,
    ...(config.Privileged && base?.apparmorProfile !== undefined ? { apparmorProfile: 'unconfined' } : {}),
    capabilities:
      (ids?.uid ?? 0) === 0
        ? { bounding: capabilities, effective: capabilities, permitted: capabilities }
        : { bounding: capabilities },
  };
}

function joinOutput(exec: Exec, streams: Streams, connection: Duplex): void {
  const { AttachStdout: stdout, AttachStderr: stderr, Tty: tty } = exec.config;
  const names = [...(stdout ? (['stdout'] as const) : []), ...(stderr ? (['stderr'] as const) : [])];
  if (names.length === 0) void exec.exited.promise.then(() => connection.end());
  // A client asks for the exit status when its connection ends.
  pipeOutput(streams, connection, { names, isTerminal: tty ?? false, until: exec.exited.promise });
}

function joinInput(engine: Engine, exec: Exec, connection: Duplex): void {
  const { streams } = exec;
  if (!exec.config.AttachStdin || streams === undefined) {
    connection.resume();
    return;
  }
  pipeInput(streams, connection, async () => {
    await streams.closeStdin();
    const ids = { containerId: exec.container.id, execId: exec.id };
    await tellInputEnd(engine, ids, () => exec.status === 'running');
  });
}

/** A child of an exec may hold its pipe for as long as the container runs; its output is not waited for. */
const outputGraceMs = 2000;

/** The event /tasks/exit of an exec. The exit status is there before the output ends, because clients ask for it then. */
export async function execExited(engine: Engine, exec: Exec, exitCode: number): Promise<void> {
  if (exec.status === 'exited') return await dropExec(engine, exec); // its client was told that it did not start
  exec.status = 'exited';
  exec.exitCode = exitCode;
  exec.exited.resolve();
  const dropped = dropExec(engine, exec).catch(() => engine.execs.left.add(exec));
  await Promise.all([exec.streams?.finish(outputGraceMs), dropped]);
  exec.streams = undefined;
  engine.execs.remove(exec.id);
  publish(engine, exec, { action: 'exec_die', attributes: { exitCode: `${exitCode}` } });
}
