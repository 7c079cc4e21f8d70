// _ping, version, info, system/df, networks, volumes, reset: what there is beside containers and images.
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { cgroupDriverOf } from '../cgroups.ts';
import { diskUsageOf, fileBytes, volumeUsers } from '../disk-usage.ts';
import type { Engine } from '../engine.ts';
import { isLabelled, parseFilters } from '../filters.ts';
import { type ActivityResponse, apiVersion, minApiVersion, type VolumesPruneResponse } from '../protocol.ts';
import { resetEngine } from '../reset.ts';
import { type Answer, boolean, json, noContent, type Route } from '../router.ts';
import { defaultRuntime } from '../runtimes.ts';
import { maybe, text, textMap } from '../schema/fields.ts';
import { timestampNow } from '../time.ts';

const version = '0.1.0';
const architecture = arch() === 'x64' ? 'amd64' : arch();

const ping: Answer = {
  status: 200,
  text: 'OK',
  headers: {
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    'Builder-Version': '1',
    Swarm: 'inactive',
  },
};

async function versionOf(engine: Engine): Promise<unknown> {
  const containerd = await engine.containerd.version.version({});
  const engineDetails = {
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    Arch: architecture,
    KernelVersion: release(),
    Os: 'linux',
  };
  return {
    Platform: { Name: 'tlab' },
    Components: [
      { Name: 'Engine', Version: version, Details: engineDetails },
      { Name: 'containerd', Version: containerd.version, Details: { GitCommit: containerd.revision } },
    ],
    Version: version,
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: architecture,
    KernelVersion: release(),
    BuildTime: '',
  };
}

function operatingSystem(): string {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

async function infoOf(engine: Engine): Promise<unknown> {
  const containers = engine.containers.all();
  const count = (...wanted: string[]): number => containers.filter(({ status }) => wanted.includes(status)).length;
  const { configuration, facts } = engine;
  const images = await engine.images.list();
  return {
    ID: engine.daemonId,
    Containers: containers.length,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited', 'dead'),
    Images: images.length,
    Driver: engine.snapshotter,
    DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
    SystemStatus: null,
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file', 'none'],
    },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    Debug: configuration.debug ?? false,
    OomKillDisable: false,
    NGoroutines: 0,
    SystemTime: timestampNow(),
    LoggingDriver: configuration['log-driver'] ?? 'json-file',
    CgroupDriver: cgroupDriverOf(engine),
    CgroupVersion: `${facts.cgroupVersion}`,
    NEventsListener: engine.events.listenerCount('event'),
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSVersion: '',
    OSType: 'linux',
    Architecture: arch() === 'x64' ? 'x86_64' : 'aarch64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      InsecureRegistryCIDRs: [],
      IndexConfigs: {},
      Mirrors: configuration['registry-mirrors'] ?? [],
    },
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    GenericResources: null,
    DockerRootDir: paths.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: hostname(),
    Labels: configuration.labels ?? [],
    ExperimentalBuild: false,
    ServerVersion: version,
    Runtimes: Object.fromEntries(
      [...engine.runtimes.values()].map((runtime) => [runtime.name, { path: runtime.binary || runtime.type }]),
    ),
    DefaultRuntime: defaultRuntime(configuration),
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'tlab-init',
    ContainerdCommit: { ID: '', Expected: '' },
    RuncCommit: { ID: '', Expected: '' },
    InitCommit: { ID: '', Expected: '' },
    SecurityOptions: [
      ...(facts.appArmorProfiles() === undefined ? [] : ['name=apparmor']),
      ...(facts.hasSeccomp ? ['name=seccomp,profile=builtin'] : []),
      ...(engine.remap === undefined ? [] : ['name=userns']),
    ],
    Warnings: [],
  };
}

const volumeSchema = v.object({
  Name: maybe(text),
  Driver: maybe(text),
  Labels: maybe(textMap),
  DriverOpts: maybe(textMap),
});

function removeVolume(engine: Engine, name: string): Answer {
  engine.volumes.inspect(name);
  const users = volumeUsers(engine, name);
  if (users.length > 0) throw new LabError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
  engine.volumes.remove(name);
  engine.events.publish('volume', 'destroy', name, { driver: 'local' });
  return noContent;
}

async function pruneVolumes(engine: Engine, filters: string | null): Promise<VolumesPruneResponse> {
  const parsed = parseFilters(filters, ['all', 'label', 'label!']);
  const isAll = parsed.all?.includes('true') ?? false;
  const isAnonymous = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);
  const going = engine.volumes
    .list()
    .filter(({ Name: name, Labels: labels }) => (isAll || isAnonymous(name)) && isLabelled(parsed, labels));
  const deleted: string[] = [];
  let reclaimedBytes = 0;
  for (const { Name: name, Mountpoint: folder } of going) {
    const bytes = await fileBytes(folder);
    if (volumeUsers(engine, name).length > 0) continue;
    removeVolume(engine, name);
    deleted.push(name);
    reclaimedBytes += bytes;
  }
  return { VolumesDeleted: deleted, SpaceReclaimed: reclaimedBytes };
}

export const systemRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/_ping', handler: () => ping },
  { method: 'HEAD', pattern: '/_ping', handler: () => ping },
  { method: 'GET', pattern: '/version', handler: async ({ engine }) => json(await versionOf(engine)) },
  { method: 'GET', pattern: '/info', handler: async ({ engine }) => json(await infoOf(engine)) },
  {
    method: 'GET',
    pattern: '/system/df',
    handler: async ({ engine }) => json(await diskUsageOf(engine)),
  },
  {
    method: 'GET',
    pattern: '/networks',
    handler: ({ engine, query }) => {
      const filters = parseFilters(query.get('filters'), [
        'name',
        'id',
        'driver',
        'type',
        'scope',
        'label',
        'dangling',
      ]);
      const shown = engine.networking
        .networks()
        .filter((network) => (filters.name ?? ['']).some((name) => network.Name.includes(name)))
        .filter((network) => (filters.id ?? ['']).some((id) => network.Id.startsWith(id)))
        .filter((network) => filters.driver === undefined || filters.driver.includes(network.Driver));
      return json(shown);
    },
  },
  {
    method: 'GET',
    pattern: '/networks/{id}',
    handler: ({ engine, parameters }) => json(engine.networking.inspectNetwork(parameters.id ?? '')),
  },
  {
    method: 'GET',
    pattern: '/volumes',
    handler: ({ engine }) => json({ Volumes: engine.volumes.list(), Warnings: null }),
  },
  {
    method: 'POST',
    pattern: '/volumes/create',
    handler: async ({ engine, body }) => {
      const { Name: name, Driver: driver, Labels: labels, DriverOpts: options } = await body(volumeSchema);
      if (driver && driver !== 'local')
        throw new LabError('notFound', `volume driver "${driver}": only local is there`);
      if (Object.keys(options ?? {}).length > 0)
        throw new LabError('notImplemented', 'DriverOpts: tlab does not support them yet');
      const volume = engine.volumes.ensure(name || engine.volumes.newName(), labels ?? {});
      engine.events.publish('volume', 'create', volume.Name, { driver: 'local' });
      return json(volume, 201);
    },
  },
  {
    method: 'GET',
    pattern: '/volumes/{name}',
    handler: ({ engine, parameters }) => json(engine.volumes.inspect(parameters.name ?? '')),
  },
  {
    method: 'DELETE',
    pattern: '/volumes/{name}',
    handler: ({ engine, parameters }) => removeVolume(engine, parameters.name ?? ''),
  },
  {
    method: 'POST',
    pattern: '/volumes/prune',
    handler: async ({ engine, query }) => json(await pruneVolumes(engine, query.get('filters'))),
  },
  // The networks are bridge, none and host, which are never unused.
  { method: 'POST', pattern: '/networks/prune', handler: () => json({ NetworksDeleted: null }) },
  {
    method: 'GET',
    pattern: '/tlab/system/activity',
    handler: ({ engine }) => json({ LastDeedAt: engine.lastDeedAt } satisfies ActivityResponse),
  },
  {
    method: 'POST',
    pattern: '/tlab/system/reset',
    handler: async ({ engine, query }) =>
      json(
        await resetEngine(engine, {
          keepImages: boolean(query, 'keep-images'),
          keepBridge: boolean(query, 'keep-bridge'),
        }),
      ),
  },
];
