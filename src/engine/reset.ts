// Removes everything that tlab made on this host, in the order in which things hold each other: containers, processes,
// mounts, network, cgroups, files. The daemon does what it can first; the rest works without one, after any kill -9.
// Rule: each step looks for what is there and is done when nothing is; so a second reset does nothing.
import { existsSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { asLabError, LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { daemonClient } from '../daemon/client.ts';
import { openNetworking } from '../daemon/network/open.ts';
import type { ResetResponse } from '../daemon/protocol.ts';
import { openRealKernel } from '../kernel/real/kernel.ts';
import { answers } from './answers.ts';
import { stopEngine } from './launch.ts';
import {
  cgroupLeftovers,
  isMountPoint,
  mountLeftovers,
  networkLeftovers,
  processesIn,
  subfolders,
} from './leftovers.ts';
import { descendantsOf, endProcess, engineProcesses, enginesBeside } from './processes.ts';

export interface ResetOptions {
  keepLibrary: boolean;
  /** Told each thing that was removed. */
  report: (line: string) => void;
}

const killDeadlineMs = 5_000;

export async function resetHost(options: ResetOptions): Promise<void> {
  const beside = enginesBeside();
  if (beside.length > 0)
    options.report(`kept the bridge, chains and forwarding: the engine of ${beside.join(', ')} uses them too`);
  await askDaemon(options);
  for (const name of await stopEngine()) options.report(`stopped ${name}`);
  await killProcesses(options);
  detachMounts(options);
  await removeNetwork(options);
  detachMounts(options);
  removeCgroups(options);
  removeFiles(options);
}

/** What the daemon knows it removes itself; when it cannot, the steps below do without it. */
async function askDaemon({ keepLibrary, report }: ResetOptions): Promise<void> {
  if ((await answers(paths.daemonSocket)) !== 'yes') return;
  try {
    const client = daemonClient(paths.daemonSocket);
    const request = {
      method: 'POST',
      path: '/tlab/system/reset',
      query: { 'keep-images': keepLibrary || undefined, 'keep-bridge': enginesBeside().length > 0 || undefined },
    } as const;
    const done = await client.json<ResetResponse>({ ...request, signal: AbortSignal.timeout(60_000) });
    report(`removed ${done.Containers} containers, ${done.Images} images, ${done.Volumes} volumes`);
  } catch (error) {
    report(`the daemon could not reset itself (${asLabError(error).message}); going on without it`);
  }
}

async function killProcesses({ report }: ResetOptions): Promise<void> {
  const own = engineProcesses().map((each) => each.pid);
  const cgroups = cgroupLeftovers();
  const pids = [...new Set([...own, ...descendantsOf(own), ...cgroups.flatMap(processesIn)])];
  for (const pid of pids) signal(pid);
  // What is paused dies when it is thawed, and not before on version 1; the signal is there already, so it runs no more.
  for (const folder of cgroups) thaw(folder);
  for (const pid of pids) await endProcess(pid, 'SIGKILL', killDeadlineMs);
  if (pids.length > 0) report(`killed ${pids.length} processes: ${pids.join(' ')}`);
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

/** @source kernel cgroup-v1/freezer-subsystem; cgroup-v2 cgroup.freeze */
function thaw(folder: string): void {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const) {
    const path = `${folder}/${file}`;
    if (existsSync(path)) writeFileSync(path, value);
  }
  for (const name of subfolders(folder)) thaw(`${folder}/${name}`);
}

function detachMounts({ report }: ResetOptions): void {
  const { mounts } = openRealKernel();
  for (const point of mountLeftovers()) {
    try {
      mounts.detach(point, ['MNT_DETACH', 'UMOUNT_NOFOLLOW']);
      report(`unmounted ${point}`);
    } catch (error) {
      report(`not unmounted: ${asLabError(error).message}`);
    }
  }
}

async function removeNetwork({ report }: ResetOptions): Promise<void> {
  const before = networkLeftovers();
  const hasState = existsSync(paths.networkNamespaces) || existsSync(`${paths.runRoot}/network`);
  if (before.length === 0 && !hasState) return;
  const networking = openNetworking(openRealKernel(), { runRoot: paths.runRoot, dataRoot: paths.dataRoot });
  try {
    await networking.teardown({ keepsBridge: enginesBeside().length > 0 });
  } catch (error) {
    throw new LabError('internal', `removing the network: ${asLabError(error).message}`, { cause: error });
  }
  if (before.length > 0) report(`removed ${before.length} links and rules`);
}

function removeCgroups({ report }: ResetOptions): void {
  const folders = cgroupLeftovers();
  const removed = folders.filter(removeCgroup);
  if (removed.length > 0) report(`removed ${removed.length} cgroups`);
}

/** A cgroup is removed with rmdir, children first. @source man cgroups(7) */
function removeCgroup(folder: string): boolean {
  for (const name of subfolders(folder)) removeCgroup(`${folder}/${name}`);
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

const kept = new Set(['library', 'traces']);

function removeFiles({ keepLibrary, report }: ResetOptions): void {
  const data = existsSync(paths.dataRoot) ? readdirSync(paths.dataRoot) : [];
  const keeps = keepLibrary && data.some((name) => kept.has(name));
  const folders = keeps
    ? data.filter((name) => !kept.has(name)).map((name) => `${paths.dataRoot}/${name}`)
    : [paths.dataRoot];
  for (const folder of [paths.runRoot, ...folders]) {
    if (!existsSync(folder)) continue;
    // A mount that is still there must not lose its files: a busy one makes this fail, and the scan afterwards says so.
    if (mountLeftovers().some((point) => point === folder || point.startsWith(`${folder}/`))) continue;
    const parts = isMountPoint(folder)
      ? readdirSync(folder)
          .filter((name) => name !== 'lost+found')
          .map((name) => `${folder}/${name}`)
      : [folder];
    for (const part of parts) rmSync(part, { recursive: true, force: true });
    report(parts[0] === folder ? `removed ${folder}` : `emptied ${folder}`);
  }
}
