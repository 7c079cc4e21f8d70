// Device nodes and symlinks of /dev: those that the spec demands in every container, then config.json's own.
// In a user namespace mknod(2) is forbidden, so nodes are bound from the host there.
import { posix } from 'node:path';
import type { DeviceSpec } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, hasNamespace, type PlanCause, refusal } from './context.ts';
import { MS, S_IF } from './flags.ts';

interface Node {
  path: string;
  mode: number;
  major: number;
  minor: number;
  uid: number;
  gid: number;
  cause: PlanCause;
}

/** @source oci-runtime config-linux#default-devices */
const defaultNodes = [
  ['/dev/null', 1, 3],
  ['/dev/random', 1, 8],
  ['/dev/full', 1, 7],
  ['/dev/tty', 5, 0],
  ['/dev/zero', 1, 5],
  ['/dev/urandom', 1, 9],
] as const;

/** @source oci-runtime config-linux#default-devices; runc libcontainer/rootfs_linux.go setupDevSymlinks */
const links = [
  ['pts/ptmx', '/dev/ptmx'],
  ['/proc/self/fd', '/dev/fd'],
  ['/proc/self/fd/0', '/dev/stdin'],
  ['/proc/self/fd/1', '/dev/stdout'],
  ['/proc/self/fd/2', '/dev/stderr'],
] as const;

/** The nodes, then the links. The caller leaves this out when a bind brings a /dev of its own. */
export function deviceOperations(context: CompileContext): Operation[] {
  const own = (context.config.linux?.devices ?? []).map(ownNode);
  const paths = new Set(own.map((node) => node.path));
  const nodes = [
    ...defaultNodes.filter(([path]) => !paths.has(path)).map(defaultNode),
    ...own.filter((node) => node.path !== '/dev/ptmx'),
  ];
  const isBound = hasNamespace(context, 'user');
  return [
    ...nodes.map((node) => (isBound && !isFifo(node) ? bindNode(node) : makeNode(node))),
    ...linkOperations(context),
  ];
}

const defaultNode = ([path, major, minor]: readonly [string, number, number]): Node => ({
  path,
  mode: S_IF.CHR | 0o666,
  major,
  minor,
  uid: 0,
  gid: 0,
  cause: 'default:spec-devices',
});

function ownNode(device: DeviceSpec, index: number): Node {
  const cause: PlanCause = `/linux/devices/${index}`;
  const isFifo = device.type === 'p';
  if (!isFifo && (device.major === undefined || device.minor === undefined)) {
    throw refusal(cause, `"${device.path}": expected major and minor`);
  }
  const path = posix.normalize(device.path);
  const type = isFifo ? S_IF.FIFO : device.type === 'b' ? S_IF.BLK : S_IF.CHR;
  return {
    path,
    mode: type | ((device.fileMode ?? 0o666) & 0o7777),
    major: isFifo ? 0 : (device.major ?? 0),
    minor: isFifo ? 0 : (device.minor ?? 0),
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    cause,
  };
}

/** No device: a user namespace may make it. */
const isFifo = ({ mode }: Node): boolean => (mode & 0o170000) === S_IF.FIFO;

const makeNode = ({ cause, ...values }: Node): Operation => byInit('device_make', cause, values);

const bindNode = ({ cause, path }: Node): Operation =>
  byInit('mount', cause, {
    source: path,
    target: path,
    fstype: '',
    flags: MS.BIND,
    data: '',
    propagation: 0,
    recursiveAttributes: 0n,
  });

/** Those of config.json alone, in a root that stays as it is otherwise. */
export const ownDeviceOperations = (context: CompileContext): Operation[] =>
  (context.config.linux?.devices ?? []).map(ownNode).map(makeNode);

function linkOperations(context: CompileContext): Operation[] {
  const core = context.host.hasKcore ? ([['/proc/kcore', '/dev/core']] as const) : [];
  return [...links, ...core].map(([target, path]) => byInit('symlink', 'default:dev-links', { target, path }));
}
