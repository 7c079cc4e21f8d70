// tlabd: configuration, lock, containerd, what was left by an earlier daemon, then the door. SIGTERM closes the door;
// containers go on running, and the next daemon takes them over.
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { asLabError, errorKinds, LabError } from '../base/errors.ts';
import { collectAtOnce } from '../base/garbage.ts';
import { paths } from '../base/paths.ts';
import { connectContainerd } from '../containerd/client.ts';
import { openRealKernel } from '../kernel/real/kernel.ts';
import { openBuilder } from './build/builder.ts';
import { removeBuildLeftovers } from './build/leftovers.ts';
import { cgroupDriverOf, checkCgroupParent } from './cgroups.ts';
import { type Configuration, loadConfiguration } from './configuration.ts';
import { Containers } from './container/containers.ts';
import { containerdNamespace, type Engine } from './engine.ts';
import { EventHub } from './events.ts';
import { Execs } from './exec/execs.ts';
import { readHostFacts } from './host.ts';
import { loadFolder } from './image/load.ts';
import { LayerMeter } from './image/sizes.ts';
import { ImageStore } from './image/store.ts';
import { closeLauncher, openLauncher } from './launcher.ts';
import { layerLimitOptions } from './layer-limits.ts';
import { lockByPidFile } from './lock.ts';
import { openNetworking } from './network/open.ts';
import { applyRestartPolicies, restoreContainers } from './restore.ts';
import { archiveRoutes } from './routes/archives.ts';
import { buildRoutes } from './routes/build.ts';
import { containerRoutes } from './routes/containers.ts';
import { execRoutes } from './routes/exec.ts';
import { fileRoutes } from './routes/files.ts';
import { imageRoutes } from './routes/images.ts';
import { refusedRoutes } from './routes/refused.ts';
import { registryRoutes } from './routes/registry.ts';
import { streamRoutes } from './routes/streams.ts';
import { systemRoutes } from './routes/system.ts';
import { availableRuntimes, defaultRuntime, requireRuntime } from './runtimes.ts';
import { createApiServer } from './server.ts';
import { traceOfStarter } from './starter.ts';
import { snapshotterOf } from './storage-driver.ts';
import { answers, superviseContainerd } from './supervisor.ts';
import { followTasks } from './task-events.ts';
import { loadRemap, rootOf } from './userns.ts';
import { VolumeStore } from './volume/store.ts';

async function main(): Promise<void> {
  const starter = traceOfStarter();
  if (process.getuid?.() !== 0) throw new LabError('permissionDenied', 'tlabd: it needs root');
  const configuration = loadConfiguration(paths.configuration);
  mkdirSync(paths.runRoot, { recursive: true, mode: 0o711 });
  mkdirSync(paths.dataRoot, { recursive: true, mode: 0o711 });
  const release = await takeLocks();
  const supervisor = await superviseContainerd(configuration.containerd, layerLimitOptions(configuration));
  const engine = buildEngine(configuration, supervisor.address);
  await removeBuildLeftovers(engine);
  rmSync(loadFolder, { recursive: true, force: true });
  await starter.run(() => restoreContainers(engine));
  const follower = followTasks(engine);
  await follower.ready;
  await openLauncher(engine.builder.binaryFolder);
  applyRestartPolicies(engine);
  const server = createApiServer(engine, [
    ...systemRoutes,
    ...containerRoutes,
    ...streamRoutes,
    ...execRoutes,
    ...registryRoutes,
    ...fileRoutes,
    ...archiveRoutes,
    ...imageRoutes,
    ...buildRoutes,
    ...refusedRoutes,
  ]);
  await listen(server);
  say(`ready: Docker Engine API at ${paths.daemonSocket}`);
  const stop = (signal: string): void => {
    say(`${signal}: closing; containers go on running`);
    server.close();
    server.closeAllConnections();
    follower.stop();
    engine.containerd.close();
    rmSync(paths.daemonSocket, { force: true });
    release();
    void Promise.all([supervisor.stop(), closeLauncher()]).finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function buildEngine(configuration: Configuration, address: string): Engine {
  const containerd = connectContainerd({ address, namespace: containerdNamespace });
  const runtimes = availableRuntimes(configuration);
  requireRuntime(runtimes, defaultRuntime(configuration));
  const snapshotter = snapshotterOf(configuration);
  const remap = loadRemap(configuration['userns-remap']);
  const kernel = openRealKernel();
  const facts = readHostFacts();
  checkCgroupParent(cgroupDriverOf({ configuration, facts }), configuration['cgroup-parent']);
  return {
    builder: openBuilder(configuration, containerd, { kernel, snapshotter }),
    configuration,
    containerd,
    containers: new Containers(),
    events: new EventHub(),
    execs: new Execs(),
    images: new ImageStore(containerd),
    kernel,
    layers: new LayerMeter(containerd, snapshotter),
    networking: openNetworking(kernel, {
      runRoot: paths.runRoot,
      dataRoot: paths.dataRoot,
      bip: configuration.bip,
      mtuBytes: configuration.mtu,
      defaultHostIp: configuration.ip,
    }),
    snapshotter,
    runtimes,
    volumes: new VolumeStore(`${paths.dataRoot}/volumes`, remap && rootOf(remap)),
    facts,
    remap,
    daemonId: daemonId(`${paths.dataRoot}/engine-id`),
    lastDeedAt: 0,
  };
}

function daemonId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const id = randomUUID();
    writeFileSync(path, `${id}\n`);
    return id;
  }
}

/** Errors: alreadyExists. A socket on which somebody answers is in use, whatever the pid file says. */
async function takeLocks(): Promise<() => void> {
  if (await answers(paths.daemonSocket)) {
    throw new LabError('alreadyExists', `tlabd: another daemon answers at ${paths.daemonSocket}`);
  }
  const releases = [
    await lockByPidFile(paths.daemonPidFile, paths.runRoot),
    await lockByPidFile(`${paths.dataRoot}/tlabd.pid`, paths.dataRoot),
  ];
  rmSync(paths.daemonSocket, { force: true });
  return () => {
    for (const release of releases) release();
  };
}

/** Root's, and the group tlab's where there is one: whoever may use this socket is root on the host. */
async function listen(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const mask = process.umask(0o177);
  server.listen(paths.daemonSocket, resolve);
  await promise;
  process.umask(mask);
  const gid = groupId('tlab');
  if (gid !== undefined) chownSync(paths.daemonSocket, 0, gid);
  chmodSync(paths.daemonSocket, 0o660);
}

function groupId(name: string): number | undefined {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

const say = (text: string): void => {
  process.stderr.write(`tlabd: ${text}\n`);
};

collectAtOnce();
// The name that ps shows; process.title would also overwrite the arguments. @source man proc(5) /proc/pid/comm
writeFileSync('/proc/self/comm', 'tlabd');
process.removeAllListeners('warning'); // Node's own would say each a second time
process.on('warning', (warning) => say(warning.message));

main().catch((thrown) => {
  const error = asLabError(thrown);
  say(`${error.message}${error.hint === undefined ? '' : `\n  try: ${error.hint}`}`);
  process.exit(errorKinds[error.kind].exit);
});
