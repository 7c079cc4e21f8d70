// What the slow verbs know of a container: <root>/<id>/, written by native/runc (see native/runc/state.h).
// Status is never stored: it is asked of the kernel each time, so that kill -9 of anything leaves no lie behind.
import { existsSync, lstatSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { checkDocument } from '../oci/runtime.ts';
import { checkContainerId, isContainerId } from './container-id.ts';
import { readCgroupLayout } from './host/cgroups.ts';
import { decodePlan } from './plan/decode.ts';
import type { OciStatus } from './state.machine.ts';

const stateFile = v.object({
  ociVersion: v.string(),
  id: v.string(),
  init_process_pid: v.number(),
  init_process_start: v.number(),
  created: v.string(),
  bundle: v.string(),
  rootfs: v.string(),
  uid: v.number(),
  annotations: v.optional(v.record(v.string(), v.string())),
});

export interface ContainerState extends v.InferOutput<typeof stateFile> {
  status: OciStatus;
  /** Leaf cgroups, one a hierarchy. */
  cgroups: string[];
  /** The container's unit where systemd made its cgroups. */
  unit: string | undefined;
}

/** Throws `notFound`, or `invalidArgument` for an id that cannot be one. */
export function readContainer(root: string, id: string): ContainerState {
  checkContainerId(id);
  const directory = `${root}/${id}`;
  mustBeTrusted(root, statSync(root, { throwIfNoEntry: false }));
  const status = lstatSync(directory, { throwIfNoEntry: false });
  mustBeTrusted(directory, status);
  if (!status?.isDirectory() || !existsSync(`${directory}/state.json`))
    throw new LabError('notFound', `container "${id}" does not exist`);
  const state = checkDocument(
    stateFile,
    JSON.parse(readFileSync(`${directory}/state.json`, 'utf8')),
    `${directory}/state.json`,
  );
  const plan = decodePlan(readFileSync(`${directory}/plan`));
  const cgroups = plan.operations.flatMap((operation) =>
    operation.name === 'cgroup_join' ? [operation.arguments.path] : [],
  );
  const unit = plan.operations.find((operation) => operation.name === 'systemd_call')?.arguments.unit;
  return { ...state, cgroups, unit, status: statusOf(directory, state, cgroups) };
}

/**
 * Who can write a state can make us act on cgroups and bundles of their choice: it must be ours or root's, and no folder that all may write
 * to without the sticky bit. The same rule in native/runc/state.c. Errors: permissionDenied.
 */
function mustBeTrusted(path: string, status: Stats | undefined): void {
  if (status === undefined) return;
  const refused = (why: string): never => {
    throw new LabError('permissionDenied', `state directory "${path}": ${why}`);
  };
  if (status.uid !== process.geteuid?.() && status.uid !== 0)
    refused(`it belongs to user ${status.uid}, must be yours or root's`);
  if ((status.mode & 0o1002) === 0o002) refused("everybody may write to it, must be its owner's alone");
}

/** Every container below a root, by name; one that is just being made or removed is left out, a damaged one is told by `damaged`. */
export function listContainers(root: string, damaged: (id: string, why: string) => void): ContainerState[] {
  if (!existsSync(root)) return [];
  mustBeTrusted(root, statSync(root));
  return readdirSync(root)
    .filter(isContainerId)
    .sort()
    .flatMap((name) => {
      try {
        return [readContainer(root, name)];
      } catch (error) {
        if (error instanceof LabError && error.kind === 'notFound') return [];
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') damaged(name, (error as Error).message);
        return [];
      }
    });
}

function statusOf(directory: string, state: v.InferOutput<typeof stateFile>, cgroups: readonly string[]): OciStatus {
  if (state.init_process_pid === 0) return 'creating';
  if (startTime(state.init_process_pid) !== state.init_process_start) return 'stopped';
  if (cgroups.some(isFrozen)) return 'paused';
  return existsSync(`${directory}/start.fifo`) ? 'created' : 'running';
}

/** Field 22 of /proc/pid/stat, after the last parenthesis, since the name may hold any; 0 for a zombie or none. @source man proc_pid_stat(5) */
function startTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 0 : Number(fields[19]);
  } catch {
    return 0;
  }
}

/** As the native `state` has it: asked to freeze by itself, not from above, and all of its processes stand still. @source man cgroups(7) */
function isFrozen(cgroup: string): boolean {
  const state = readOptional(`${cgroup}/freezer.state`);
  if (state !== undefined) return state === 'FROZEN' && readOptional(`${cgroup}/freezer.self_freezing`) === '1';
  const events = readOptional(`${cgroup}/cgroup.events`)?.split('\n') ?? [];
  return readOptional(`${cgroup}/cgroup.freeze`) === '1' && events.includes('frozen 1');
}

/** The trimmed text of a small file; undefined when it cannot be read. */
export function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Rootless containers may have none: what is asked of their cgroups is refused, never answered with nothing. */
export function requireCgroup(container: ContainerState, what: string): void {
  if (container.cgroups.length > 0) return;
  throw new LabError('notImplemented', `container "${container.id}" has no cgroup, so ${what}`, {
    hint: 'run it in a cgroup that is delegated to this user',
  });
}

/** Every pid in the container's cgroup and those below it. Errors: notImplemented without one. */
export function processesOf(container: ContainerState): number[] {
  requireCgroup(container, 'its processes are not known');
  const cgroup = container.cgroups.find((path) => existsSync(`${path}/cgroup.procs`));
  if (cgroup === undefined) return [];
  const below = readdirSync(cgroup, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  const directories = [cgroup, ...below.map((entry) => `${entry.parentPath}/${entry.name}`)];
  const pids = directories.flatMap((path) =>
    (readOptional(`${path}/cgroup.procs`) ?? processesOfThreads(path)).split('\n').filter(Boolean),
  );
  return [...new Set(pids.map(Number))].sort((a, b) => a - b);
}

/** A threaded cgroup refuses to name processes: those are its threads that lead a group. @source kernel cgroup-v2.rst, Threads */
const processesOfThreads = (cgroup: string): string =>
  (readOptional(`${cgroup}/cgroup.threads`) ?? '')
    .split('\n')
    .filter((tid) => readOptional(`/proc/${tid}/status`)?.includes(`\nTgid:\t${tid}\n`))
    .join('\n');

/** The container's path below each hierarchy's root, as `linux.cgroupsPath` would say it. */
export function cgroupsPathOf(container: ContainerState): string {
  const { v1, v2 } = readCgroupLayout();
  const roots = [...v1.map((hierarchy) => hierarchy.mountpoint), ...(v2 === undefined ? [] : [v2])];
  for (const cgroup of container.cgroups) {
    const root = roots.find((path) => cgroup.startsWith(`${path}/`));
    if (root !== undefined) return cgroup.slice(root.length);
  }
  throw new LabError('notFound', `container "${container.id}" has no cgroup`);
}
