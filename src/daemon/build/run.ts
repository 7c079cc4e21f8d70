// RUN: a container of its own, made of the same parts as any other: sandbox, config.json of spec/, a task in containerd, FIFOs for its output.
// Nothing of it stays: what it changed in its root filesystem is the layer.
import { mkdirSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { UndoStack } from '../../base/undo.ts';
import type { MountSpec } from '../../oci/runtime.ts';
import type { Cause, Provenance } from '../../trace/cause.ts';
import { emit } from '../../trace/recorder.ts';
import { redact } from '../../trace/redact.ts';
import { cgroupDriverOf } from '../cgroups.ts';
import { filesOf, writeFiles } from '../container/files.ts';
import { ignoreMissing } from '../container/missing.ts';
import { userOf } from '../container/task-spec.ts';
import { provenanceExtension } from '../engine.ts';
import type { Sandbox } from '../network/networking.ts';
import { defaultRuntime, requireRuntime, runtimeOptions } from '../runtimes.ts';
import type { HostConfig } from '../schema/host-config.ts';
import { type GeneratedSpec, generateSpec, specBytes } from '../spec/generate.ts';
import { specType } from '../spec/types.ts';
import { Streams } from '../stdio/streams.ts';
import type { StepRootfs } from './layer.ts';
import { OutputWatcher } from './output.ts';
import type { BuildSession } from './session.ts';
import { rememberStubs } from './stubs.ts';

export interface RunRequest {
  step: number;
  /** Line of the instruction: what everything in its config.json comes from. */
  line: number;
  /** The whole command. */
  argv: string[];
  /** Image's variables, build arguments, secrets that are wanted as variables. */
  env: string[];
  user: string;
  workdir: string;
  /** `default`, `none`, `host`. */
  network: string;
  /** Behind the default ones. */
  mounts: readonly MountSpec[];
}

/** The exit status of the command. Errors: as the runtime says; cancelled. */
export async function runContainer(build: BuildSession, rootfs: StepRootfs, request: RunRequest): Promise<number> {
  const { engine } = build;
  await using undo = new UndoStack();
  const host: HostConfig = { ...build.request.host, NetworkMode: request.network };
  undo.push('network sandbox', () => engine.networking.deleteSandbox(rootfs.id));
  const sandbox = await engine.networking.createSandbox({
    id: rootfs.id,
    hostname: rootfs.id.slice(0, 12),
    networkMode: request.network,
  });
  const spec = specOf(build, rootfs, { request, host, sandbox });
  const stubs = rememberStubs(
    rootfs.path,
    (spec.config.mounts ?? []).map(({ destination }) => destination),
  );
  rootfs.touched.push(...stubs.parents);
  undo.push('mount points', () => stubs.remove());
  const streams = new Streams({ folder: `${paths.runRoot}/fifo/${rootfs.id}`, hasStdin: false, isTerminal: false });
  undo.push('streams', () => streams.close());
  await createContainer(build, { id: rootfs.id, spec, undo });
  return await execute(build, { id: rootfs.id, source: rootfs.path, step: request.step, streams, undo });
}

interface Parts {
  request: RunRequest;
  host: HostConfig;
  sandbox: Sandbox;
}

function specOf(build: BuildSession, rootfs: StepRootfs, { request, host, sandbox }: Parts): GeneratedSpec {
  const { engine } = build;
  const config = {
    Image: '',
    Cmd: request.argv,
    Entrypoint: [],
    Env: request.env,
    WorkingDir: request.workdir,
    User: request.user,
  };
  const owner = { folder: `${rootfs.folder}/etc`, record: { id: rootfs.id, config, host, sandbox } };
  mkdirSync(owner.folder, { recursive: true, mode: 0o700 });
  writeFiles(owner, engine.configuration);
  const generated = generateSpec({
    id: rootfs.id,
    config,
    host,
    image: {},
    user: userOf(rootfs.mounts, request.user, []),
    mounts: [],
    files: filesOf(owner),
    networkNamespace: sandbox.path,
    cgroupDriver: cgroupDriverOf(engine),
    cgroupParent: engine.configuration['cgroup-parent'],
    initProgram: undefined,
    facts: engine.facts,
  });
  const spec = withMounts(generated, request);
  emit('daemon.spec-generated', { data: { id: rootfs.id, config: redact(spec.config), provenance: spec.provenance } });
  return spec;
}

/** What the request for a container would have said, this line of the Dockerfile says. */
function withMounts({ config, provenance }: GeneratedSpec, { line, mounts }: RunRequest): GeneratedSpec {
  const cause: Cause = `dockerfile:${line}`;
  const all = [...(config.mounts ?? []), ...mounts];
  const own = Object.entries(provenance).map(([pointer, from]): [string, Cause] => [
    pointer,
    /^api:\/(?!HostConfig)/.test(from) ? cause : from,
  ]);
  const added = mounts.map((_, index): [string, Cause] => [`/mounts/${(config.mounts ?? []).length + index}`, cause]);
  return { config: { ...config, mounts: all }, provenance: Object.fromEntries([...own, ...added]) as Provenance };
}

async function createContainer(
  { engine }: BuildSession,
  { id, spec, undo }: { id: string; spec: GeneratedSpec; undo: UndoStack },
): Promise<void> {
  const runtime = requireRuntime(engine.runtimes, defaultRuntime(engine.configuration));
  const options = runtimeOptions(runtime, undefined, cgroupDriverOf(engine));
  undo.push('containerd container', () => ignoreMissing(engine.containerd.containers.delete({ id })));
  await engine.containerd.containers.create({
    container: {
      id,
      labels: {},
      runtime: { name: runtime.type, ...(options === undefined ? {} : { options }) },
      spec: { typeUrl: specType, value: specBytes(spec.config) },
      snapshotter: engine.snapshotter,
      snapshotKey: id,
      extensions: {
        [provenanceExtension]: { typeUrl: provenanceExtension, value: Buffer.from(JSON.stringify(spec.provenance)) },
      },
    },
  });
}

interface Execution {
  id: string;
  /** The mounted root, which the task gets bound. */
  source: string;
  step: number;
  streams: Streams;
  undo: UndoStack;
}

/** How long the last output may take to arrive when a child of the command outlives it. */
const outputGraceMs = 2000;

async function execute(build: BuildSession, { id, source, step, streams, undo }: Execution): Promise<number> {
  const { containerd, runtimes, configuration } = build.engine;
  const options = runtimeOptions(
    requireRuntime(runtimes, defaultRuntime(configuration)),
    undefined,
    cgroupDriverOf(build.engine),
  );
  undo.push('task', () => ignoreMissing(containerd.tasks.delete({ containerId: id })));
  await containerd.tasks.create({
    containerId: id,
    rootfs: [{ type: 'bind', source, options: ['rbind', 'rw'] }],
    ...streams.paths,
    terminal: false,
    ...(options === undefined ? {} : { options }),
  });
  streams.watch(['stdout', 'stderr'], new OutputWatcher(build, step, streams));
  const waiting = containerd.tasks.wait({ containerId: id, execId: '' });
  waiting.catch(() => {}); // awaited below
  await containerd.tasks.start({ containerId: id, execId: '' });
  const kill = (): void =>
    void containerd.tasks.kill({ containerId: id, execId: '', signal: 9, all: true }).catch(() => {});
  build.signal.addEventListener('abort', kill, { once: true });
  if (build.signal.aborted) kill();
  try {
    const { exitStatus } = await waiting;
    await streams.finish(outputGraceMs);
    if (build.signal.aborted) throw new LabError('cancelled', 'the build was cancelled');
    return exitStatus;
  } finally {
    build.signal.removeEventListener('abort', kill);
  }
}
