// POST /containers/create: image, volumes, snapshot, record. Nothing runs yet. What fails takes back what was made before it.

import { mkdirSync } from 'node:fs';
import { inContext, LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { UndoStack } from '../../base/undo.ts';
import { withCause } from '../../trace/context.ts';
import { cgroupDriverOf, checkCgroupParent } from '../cgroups.ts';
import type { Configuration } from '../configuration.ts';
import { type Engine, ownerLabel } from '../engine.ts';
import type { ResolvedImage } from '../image/store.ts';
import { overLayers } from '../image/unpack.ts';
import { parseSize } from '../log/size.ts';
import type { CreateResponse } from '../protocol.ts';
import { defaultRuntime, requireRuntime } from '../runtimes.ts';
import type { CreateBody } from '../schema/create.ts';
import type { HostConfig } from '../schema/host-config.ts';
import { appArmorProfile } from '../spec/apparmor.ts';
import { chooseCapabilities } from '../spec/capabilities.ts';
import { argumentsOf } from '../spec/process.ts';
import { timestampNow } from '../time.ts';
import type { Remap } from '../userns.ts';
import { initialStatus } from './container.machine.ts';
import { Container } from './container.ts';
import { resolveMounts } from './mounts.ts';
import { checkName, newName } from './names.ts';
import { type ContainerRecord, never, removeFolder } from './record.ts';
import { remapFor, snapshotLabels } from './remap.ts';
import { restartLater } from './restart.ts';

export async function createContainer(
  engine: Engine,
  name: string | undefined,
  body: CreateBody,
): Promise<CreateResponse> {
  const id = newContainerId();
  const chosen =
    name === undefined || name === '' ? newName((free) => engine.containers.isNameFree(free)) : checkName(name);
  engine.containers.reserveName(chosen, id);
  const undo = new UndoStack();
  undo.push('name', () => engine.containers.releaseName(chosen, id));
  try {
    const { record, warnings } = await prepare(engine, { id, name: chosen, body, undo });
    const container = new Container(record, (restarted) => restartLater(engine, restarted));
    mkdirSync(container.folder, { recursive: true, mode: 0o710 });
    undo.push('folder', () => removeFolder(container.folder));
    container.save();
    engine.containers.add(container);
    undo.keep();
    engine.events.publish('container', 'create', id, container.eventAttributes());
    return { Id: id, Warnings: warnings };
  } catch (error) {
    await undo.undo();
    throw error;
  }
}

interface Preparation {
  id: string;
  name: string;
  body: CreateBody;
  undo: UndoStack;
}

async function prepare(
  engine: Engine,
  { id, name, body, undo }: Preparation,
): Promise<{ record: ContainerRecord; warnings: string[] }> {
  const { HostConfig: asked = {}, ...config } = body;
  const host = withConfiguredDefaults(asked, engine.configuration);
  checkCgroupParent(cgroupDriverOf(engine), host.CgroupParent);
  const remap = remapFor(engine, host, requireRuntime(engine.runtimes, host.Runtime));
  appArmorProfile(host, engine.facts); // refused now rather than at start
  const warnings = warningsFor(engine, body);
  const image = await withCause('api:/Image', () => engine.images.resolve(config.Image));
  const imageConfig = image.config.config ?? {};
  const [program = '', ...rest] = argumentsOf({ config, image: imageConfig }).map((argument) => argument.value);
  const { mounts, anonymous } = resolveMounts(body, imageConfig, engine.volumes);
  undo.push('volumes', () => anonymous.map((volume) => engine.volumes.remove(volume)));
  checkDevices(engine, body);
  await withCause('api:/Image', () => prepareSnapshot(engine, id, { image, remap }));
  undo.push('snapshot', () => engine.containerd.snapshots.remove({ snapshotter: engine.snapshotter, key: id }));
  const record: ContainerRecord = {
    version: 1,
    id,
    name,
    created: timestampNow(),
    image: {
      name: config.Image,
      reference: image.reference,
      id: image.id,
      chainId: image.chainId ?? '',
      config: imageConfig,
    },
    config,
    host,
    mounts,
    anonymousVolumes: anonymous,
    path: program,
    args: rest,
    runtime: host.Runtime,
    lifecycle: {
      status: initialStatus(),
      pid: 0,
      exitCode: 0,
      error: '',
      startedAt: never,
      finishedAt: never,
      isOomKilled: false,
      isStoppedByUser: false,
    },
    restartCount: 0,
    snapshotter: engine.snapshotter,
    ...(remap === undefined ? {} : { remap }),
  };
  return { record, warnings };
}

/** What daemon.json says about containers that say nothing themselves. @source dockerd daemon.json */
function withConfiguredDefaults(asked: HostConfig, configuration: Configuration): HostConfig & { Runtime: string } {
  const shm = configuration['default-shm-size'];
  const isOwnLog = asked.LogConfig?.Type !== undefined && asked.LogConfig.Type !== '';
  const shared = isOwnLog ? {} : (configuration['log-opts'] ?? {});
  const security = asked.SecurityOpt ?? [];
  const isSealed =
    configuration['no-new-privileges'] === true && !security.some((option) => /^no-new-privileges/.test(option));
  return {
    ...asked,
    Runtime: asked.Runtime || defaultRuntime(configuration),
    LogConfig: {
      Type: asked.LogConfig?.Type || (configuration['log-driver'] ?? 'json-file'),
      Config: { ...shared, ...asked.LogConfig?.Config },
    },
    ShmSize: asked.ShmSize || (shm === undefined ? undefined : parseSize(`${shm}`, 'default-shm-size')),
    SecurityOpt: isSealed ? [...security, 'no-new-privileges'] : asked.SecurityOpt,
  };
}

/** The label keeps containerd's garbage collector away: nothing else refers to the snapshot while the container is stopped. */
async function prepareSnapshot(
  engine: Engine,
  id: string,
  { image, remap }: { image: ResolvedImage; remap: Remap | undefined },
): Promise<void> {
  const labels = { 'containerd.io/gc.root': timestampNow(), [ownerLabel]: id, ...snapshotLabels(remap) };
  const { snapshotter } = engine;
  try {
    await overLayers(engine, image, (parent) =>
      engine.containerd.snapshots.prepare({ snapshotter, key: id, parent, labels }),
    );
  } catch (error) {
    throw inContext(`preparing the root filesystem of image ${image.reference}`, error);
  }
}

function checkDevices(engine: Engine, body: CreateBody): void {
  for (const { PathOnHost } of body.HostConfig?.Devices ?? []) {
    if (engine.facts.devices().some((device) => device.path === PathOnHost)) continue;
    throw new LabError(
      'invalidArgument',
      `error gathering device information while adding custom device "${PathOnHost}": no such file or directory`,
    );
  }
}

/** What will be less than was asked for; the create response says it, Docker's CLI prints it. */
function warningsFor(engine: Engine, body: CreateBody): string[] {
  const host = body.HostConfig ?? {};
  const { missing } = chooseCapabilities(host, engine.facts.capabilities);
  const isAsked = host.Privileged || (host.CapAdd ?? []).length > 0;
  const warnings: string[] = [];
  if (isAsked && missing.length > 0)
    warnings.push(`this host does not have, so the container does not get: ${missing.join(', ')}`);
  if ((host.NetworkMode === 'host' || host.NetworkMode === 'none') && Object.keys(host.PortBindings ?? {}).length > 0) {
    warnings.push(`Published ports are discarded when using ${host.NetworkMode} network mode`);
  }
  return warnings;
}
