// Records a command of a real Docker: a shell waits in the client's place, the tracer is attached to it, to dockerd and to its containerd, then it goes on.
//   sh ── waits for a line ──▶ tracer ready ──▶ line: exec docker … ──▶ ended ──▶ tracer ends
// Nothing of Docker is changed, and this process is not in the trace. Rule: whatever happens, SIGKILL too, no waiting process and no tracer is left:
// both end with the pipe that this process holds.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { monotonicNow } from '../../base/time.ts';
import type { Provenance } from '../../trace/cause.ts';
import { newSpanId } from '../../trace/context.ts';
import type { EventData, EventType, PartEvent, Stage, Truth } from '../../trace/events.ts';
import { redact } from '../../trace/redact.ts';
import { closeTrace, openTrace, removeTrace } from '../traces.ts';
import { startTracing, type Tracing } from '../tracing.ts';
import { type FoundBundle, watchBundles } from './bundle.ts';
import type { InstalledDocker } from './find.ts';
import { imageOf } from './image.ts';
import { provenanceOf } from './provenance.ts';

export interface DockerCommand {
  /** Words after `docker`: `run`, `-d`, `nginx`. */
  argv: readonly string[];
  /** As the trace shows it: secrets taken out. */
  shown: readonly string[];
  /** What the command line stands for; undefined when it has flags that we do not know. */
  create: { body: unknown; provenance: Provenance } | undefined;
  /** What else the trace cannot see because of this command line. */
  blind: readonly string[];
}

export interface XrayResult {
  traceId: string;
  status: number;
}

/** Runs the command with this process's own streams. @throws LabError unavailable when the tracer cannot be attached */
export async function recordDocker(docker: InstalledDocker, command: DockerCommand): Promise<XrayResult> {
  const id = openTrace([...command.shown], { engine: 'docker', blind: [...command.blind] });
  let client: WaitingClient;
  try {
    client = await startWaiting(docker.client, command.argv);
  } catch (error) {
    removeTrace(id);
    throw error;
  }
  const tracing = startTracing(id, { follow: [client.pid, docker.daemonPid, docker.containerdPid] });
  await tracing.ready;
  const failure = tracing.failure();
  if (failure !== undefined) {
    client.kill();
    await tracing.end();
    removeTrace(id);
    throw new LabError('unavailable', `the X-ray needs the system call tracer: ${failure}`, { hint: 'tlab doctor' });
  }
  try {
    return { traceId: id, status: await watch({ id, docker, command, client, tracing }) };
  } catch (error) {
    client.kill();
    await tracing.end();
    throw error;
  }
}

interface Watched {
  id: string;
  docker: InstalledDocker;
  command: DockerCommand;
  client: WaitingClient;
  tracing: Tracing;
}

/** From the client's first instruction to the tracer's end; the client's status. */
async function watch({ id, docker, command, client, tracing }: Watched): Promise<number> {
  const parts = new Parts(id, { cli: client.pid, daemon: docker.daemonPid, containerd: docker.containerdPid });
  const spans = { command: newSpanId(), create: newSpanId() };
  parts.add('cli.command-started', { span: spans.command, data: { command: [...command.shown] } });
  addRequest(parts, spans, command);
  const bundles = watchBundles(docker.bundles);
  client.goOn();
  const status = await client.ended;
  parts.add('cli.command-ended', { span: spans.command, data: { status } });
  const bundle = bundles.stop();
  const tracer = await tracing.end();
  if (bundle !== undefined) await addSpec({ parts, bundle, docker, command, span: spans.create });
  closeTrace(id, { status, tracer });
  return status;
}

/** What the client asks of the daemon, read from its command line: the message itself is not seen. */
function addRequest(parts: Parts, spans: { command: string; create: string }, { create }: DockerCommand): void {
  const known = create === undefined ? {} : { body: redact(create.body), provenance: create.provenance };
  const data = {
    door: 'http' as const,
    peer: 'daemon',
    method: 'POST /containers/create',
    parent: spans.command,
    ...known,
  };
  parts.add('cli.request-sent', { span: spans.create, data, truth: 'derived' });
}

interface SpecSources {
  parts: Parts;
  bundle: FoundBundle;
  docker: InstalledDocker;
  command: DockerCommand;
  span: string;
}

/** config.json as it stood in the bundle; its causes are those that our own daemon would have for the same request. */
async function addSpec({ parts, bundle, docker, command, span }: SpecSources): Promise<void> {
  let provenance: Provenance = { '': 'default:engine-decision' };
  if (command.create !== undefined) {
    try {
      const image = await imageOf(docker, command.argv, String((command.create.body as { Image?: unknown }).Image));
      provenance = provenanceOf(bundle.config, command.create.body, image);
    } catch {
      // A request that our own daemon would refuse: its lines have no causes that we know.
    }
  }
  const data = { id: bundle.id, config: redact(bundle.config), provenance };
  parts.add('daemon.spec-generated', { span, data, truth: 'derived', timeNs: bundle.timeNs });
}

/** The parts of the trace, written for processes that write none. */
class Parts {
  readonly #files: Record<'cli' | 'daemon' | 'containerd', string>;
  readonly #pids: Record<'cli' | 'daemon' | 'containerd', number>;

  constructor(traceId: string, processes: Record<'cli' | 'daemon' | 'containerd', number>) {
    const folder = `${paths.traces}/${traceId}/parts`;
    this.#pids = processes;
    const fileOf = (stage: 'cli' | 'daemon' | 'containerd'): string => `${folder}/${stage}-${processes[stage]}.jsonl`;
    this.#files = { cli: fileOf('cli'), daemon: fileOf('daemon'), containerd: fileOf('containerd') };
    for (const file of Object.values(this.#files)) appendFileSync(file, '', { mode: 0o660 });
  }

  add<T extends Extract<EventType, `${'cli' | 'daemon'}.${string}`>>(
    type: T,
    fields: { span: string; data: EventData<T>; truth?: Truth; timeNs?: bigint },
  ): void {
    const stage = type.slice(0, type.indexOf('.')) as Extract<Stage, 'cli' | 'daemon'>;
    const pid = this.#pids[stage];
    const event: PartEvent = {
      t: (fields.timeNs ?? monotonicNow()).toString(),
      stage,
      pid,
      tid: pid,
      type,
      span: fields.span,
      truth: fields.truth ?? 'observed',
      data: fields.data,
    };
    if (stage === 'cli') event.cause = 'command:docker run';
    appendFileSync(this.#files[stage], `${JSON.stringify(event)}\n`);
  }
}

interface WaitingClient {
  pid: number;
  goOn(): void;
  kill(): void;
  /** Its exit status, 128 + n for a signal. */
  ended: Promise<number>;
}

/** Without a line the pipe was closed: nobody is left who would watch. */
const waiting = 'read -r line <&3 || exit 125; exec "$@" 3<&-';

/** A shell that waits before it becomes the program: all of the program is seen. */
async function startWaiting(program: string, argv: readonly string[]): Promise<WaitingClient> {
  const child = spawn('/bin/sh', ['-c', waiting, 'sh', program, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const ended = Promise.withResolvers<number>();
  child.once('error', (error) => ended.reject(error));
  child.once('exit', (code, signal) => ended.resolve(code ?? 128 + signalNumber(signal)));
  // What the terminal sends goes to docker too, which is in the same group; what was sent to us alone is handed on. Its status is still to come.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const pipe = child.stdio[3];
  const { pid } = child;
  if (pid === undefined || !(pipe instanceof Writable)) {
    await ended.promise.catch(() => undefined);
    throw new LabError('unavailable', 'docker: no process could be started');
  }
  pipe.on('error', () => undefined); // it was killed while it waited
  return { pid, goOn: () => pipe.end('go\n'), kill: () => child.kill('SIGKILL'), ended: ended.promise };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };
  return numbers[signal ?? ''] ?? 1;
}
