// What a start does: one method a state of pipeline.machine.ts. A step pushes its undo before or as soon as it makes something;
// a failure takes everything back in reverse order and leaves the container as it was.

import { asLabError, LabError } from '../../base/errors.ts';
import { UndoStack } from '../../base/undo.ts';
import { withCause } from '../../trace/context.ts';
import { emit } from '../../trace/recorder.ts';
import { cgroupDriverOf } from '../cgroups.ts';
import { type Engine, provenanceExtension } from '../engine.ts';
import type { Sandbox } from '../network/networking.ts';
import { requireRuntime, runtimeOptions } from '../runtimes.ts';
import { type GeneratedSpec, specBytes } from '../spec/generate.ts';
import { specType } from '../spec/types.ts';
import { rootOf } from '../userns.ts';
import type { Container } from './container.ts';
import { writeFiles } from './files.ts';
import { dropLeftTask } from './left-task.ts';
import { closeStreams, openStreams } from './open-streams.ts';
import { type PipelineStep, runPipeline } from './pipeline.machine.ts';
import { snapshotOf } from './record.ts';
import { ownerOf, requireMapped } from './remap.ts';
import { specOf } from './task-spec.ts';

/** Walks a container down the pipeline; the pid of its program. Throws what the first failed step threw, after undoing. */
export async function launch(engine: Engine, container: Container): Promise<number> {
  const steps = new Launch(engine, container);
  await runPipeline(steps, (from, to) => {
    emit('daemon.pipeline-state-changed', { data: { id: container.id, from, to } });
  });
  return steps.pid;
}

type Rootfs = Awaited<ReturnType<Engine['containerd']['snapshots']['mounts']>>['mounts'];

class Launch implements Record<PipelineStep, () => Promise<void>> {
  pid = 0;
  readonly #engine: Engine;
  readonly #container: Container;
  readonly #undo = new UndoStack();
  #rootfs: Rootfs = [];
  /** From `specifying` on. */
  #spec: GeneratedSpec | undefined;

  constructor(engine: Engine, container: Container) {
    this.#engine = engine;
    this.#container = container;
  }

  async connecting(): Promise<void> {
    const { id, record } = this.#container;
    this.#undo.push('network sandbox', () => this.#engine.networking.deleteSandbox(id));
    const mounting = withCause('api:/Image', () => this.#engine.containerd.snapshots.mounts(snapshotOf(record)));
    mounting.catch(() => {}); // awaited below; undoing may begin only when the sandbox is whole
    this.#container.record.sandbox = await makeSandbox(this.#engine, this.#container);
    this.#rootfs = (await mounting).mounts;
    requireMapped(this.#container.record.remap, this.#rootfs);
  }

  async specifying(): Promise<void> {
    const { sandbox } = this.#container.record;
    writeFiles(this.#container, this.#engine.configuration);
    this.#spec = specOf(this.#engine, this.#container, { rootfs: this.#rootfs, sandbox });
    this.#undo.push('streams', () => closeStreams(this.#container));
    openStreams(this.#container);
  }

  /** One of that name is left of an end in which containerd was killed: it does not run, or this start would not be. */
  async recording(): Promise<void> {
    const { id } = this.#container;
    await this.#record().catch(async (error) => {
      if (asLabError(error).kind !== 'alreadyExists') throw error;
      await dropLeftTask(this.#engine, id);
      await this.#record();
    });
    this.#undo.push('containerd container', () => this.#engine.containerd.containers.delete({ id }));
  }

  async #record(): Promise<void> {
    const { id, record } = this.#container;
    const runtime = requireRuntime(this.#engine.runtimes, record.runtime);
    if (this.#spec === undefined) throw new LabError('internal', 'recording a container before its spec is generated');
    await this.#engine.containerd.containers.create({
      container: {
        id,
        labels: { 'com.docker/engine.bundle.path': '' },
        image: record.image.reference,
        runtime: { name: runtime.type, ...this.#options() },
        spec: { typeUrl: specType, value: specBytes(this.#spec.config) },
        snapshotter: snapshotOf(record).snapshotter,
        snapshotKey: id,
        extensions: {
          [provenanceExtension]: {
            typeUrl: provenanceExtension,
            value: Buffer.from(JSON.stringify(this.#spec.provenance)),
          },
        },
      },
    });
  }

  async creating(): Promise<void> {
    const { id, record } = this.#container;
    await this.#engine.containerd.tasks.create({
      containerId: id,
      rootfs: this.#rootfs,
      ...openStreams(this.#container).paths,
      terminal: record.config.Tty ?? false,
      ...this.#options(),
    });
    this.#undo.push('task', () => dropTask(this.#engine, id));
  }

  async starting(): Promise<void> {
    const { pid } = await this.#engine.containerd.tasks.start({ containerId: this.#container.id, execId: '' });
    this.pid = pid;
  }

  async undoing(): Promise<void> {
    for (const error of await this.#undo.undo()) process.emitWarning(error);
  }

  #options() {
    const { runtime, remap } = this.#container.record;
    const streams = remap === undefined ? undefined : rootOf(remap);
    const options = runtimeOptions(
      requireRuntime(this.#engine.runtimes, runtime),
      streams,
      cgroupDriverOf(this.#engine),
    );
    return options === undefined ? {} : { options };
  }
}

function makeSandbox(engine: Engine, container: Container): Promise<Sandbox> {
  const { id, name, config, host, image } = container.record;
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
      owner: ownerOf(container.record.remap),
    }),
  );
}

/** Kills and deletes a task that must not stay. */
async function dropTask(engine: Engine, containerId: string): Promise<void> {
  await engine.containerd.tasks.kill({ containerId, execId: '', signal: 9, all: true }).catch(() => {});
  await engine.containerd.tasks.delete({ containerId });
}
