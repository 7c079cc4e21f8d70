// Calls that shape the mount tree: mount(2), the newer fsopen to move_mount, pivot_root, umount2.
// Several calls are one effect: a bind and its remount, /dev/null or an empty tmpfs over a masked path, a path bound on itself and
// made read-only, pivot_root with the unmount of the old root.
// @source man mount(2), fsopen(2), move_mount(2), mount_setattr(2), pivot_root(2)
import type { TraceEvent } from '../../trace/file.ts';
import { type Call, flagSet } from './call.ts';
import type { Deriving, Handler } from './deriving.ts';
import type { MountDraft } from './state.ts';

/** @source uapi linux/mount.h MS_*; the options are those of mount(8) */
const optionOfFlag: Readonly<Record<string, string>> = {
  MS_RDONLY: 'ro',
  MS_NOSUID: 'nosuid',
  MS_NODEV: 'nodev',
  MS_NOEXEC: 'noexec',
  MS_SYNCHRONOUS: 'sync',
  MS_DIRSYNC: 'dirsync',
  MS_NOATIME: 'noatime',
  MS_NODIRATIME: 'nodiratime',
  MS_RELATIME: 'relatime',
  MS_STRICTATIME: 'strictatime',
  MS_NOSYMFOLLOW: 'nosymfollow',
  MOUNT_ATTR_RDONLY: 'ro',
  MOUNT_ATTR_NOSUID: 'nosuid',
  MOUNT_ATTR_NODEV: 'nodev',
  MOUNT_ATTR_NOEXEC: 'noexec',
  MOUNT_ATTR_NOATIME: 'noatime',
  MOUNT_ATTR_STRICTATIME: 'strictatime',
  MOUNT_ATTR_NODIRATIME: 'nodiratime',
  MOUNT_ATTR_NOSYMFOLLOW: 'nosymfollow',
};

/** @source uapi linux/mount.h: MS_REC, MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */
const propagationBits: Readonly<Record<string, number>> = {
  MS_REC: 1 << 14,
  MS_UNBINDABLE: 1 << 17,
  MS_PRIVATE: 1 << 18,
  MS_SLAVE: 1 << 19,
  MS_SHARED: 1 << 20,
};
const isPropagation = (flags: ReadonlySet<string>): boolean =>
  ['MS_UNBINDABLE', 'MS_PRIVATE', 'MS_SLAVE', 'MS_SHARED'].some((name) => flags.has(name)) && !flags.has('MS_BIND');

const optionsOf = (flags: ReadonlySet<string>): string[] => [...flags].flatMap((flag) => optionOfFlag[flag] ?? []);
const words = (data: string | undefined): string[] => (data ?? '').split(',').filter((word) => word !== '');

function mount(call: Call, deriving: Deriving): void {
  const { process } = deriving;
  const flags = call.flags(3);
  const target = process.resolve(call.string(1) ?? '');
  if (isPropagation(flags)) propagate(call, flags, deriving);
  else if (!flags.has('MS_REMOUNT')) attach(draftOf(call, flags, deriving), target, call, deriving);
  else if (call.succeeded) remount({ target, options: optionsOf(flags), call }, deriving);
}

/** The kernel takes no options with a bind: they come with the remount after it. */
function draftOf(call: Call, flags: ReadonlySet<string>, { process }: Deriving): MountDraft {
  const bind = flags.has('MS_BIND');
  const source = call.string(0) ?? '';
  return bind
    ? { fstype: '', source: process.resolve(source), options: [], bind }
    : { fstype: call.string(2) ?? '', source, options: [...optionsOf(flags), ...words(call.string(4))], bind };
}

/** The whole tree's propagation is a step of its own; that of one mount belongs to how it is made. */
function propagate(call: Call, flags: ReadonlySet<string>, { process, operation }: Deriving): void {
  if (!call.succeeded || process.entered || process.resolve(call.string(1) ?? '') !== '/') return;
  const bits = [...flags].reduce((sum, flag) => sum | (propagationBits[flag] ?? 0), 0);
  operation('root_propagation', { flags: bits }, [call.event]);
}

function remount(
  { target, options, call }: { target: string; options: string[]; call: Call },
  deriving: Deriving,
): void {
  const inside = deriving.inside(target);
  const first = deriving.process.boundOnItself.get(target);
  const readOnly = options.includes('ro');
  const mask = deriving.process.masked.get(target);
  if (mask !== undefined) {
    mask.push(call.event);
    return;
  }
  if (first !== undefined && readOnly && inside !== undefined) {
    deriving.process.boundOnItself.delete(target);
    deriving.operation('readonly_path', { path: inside }, [first, call.event]);
  } else if (inside === '/' && readOnly) deriving.operation('root_readonly', {}, [call.event]);
  else if (options.length > 0) {
    const mount = { source: '', target: inside ?? target, fstype: '', options: ['remount', ...options, 'bind'] };
    attached(mount, [call.event], deriving);
  }
}

function attached(
  { source, target, fstype, options }: { source: string; target: string; fstype: string; options: string[] },
  calls: TraceEvent[],
  { emit }: Deriving,
): void {
  emit('kernel.mount-attached', { source, target, fstype, options: options.join(',') }, calls);
}

function attach(draft: MountDraft, target: string, call: Call, deriving: Deriving): void {
  const inside = deriving.inside(target);
  if (isMask(draft, target, inside, call, deriving)) return;
  if (call.succeeded && draft.bind && /\/ns\/net$/.test(draft.source)) {
    const of = processBehind(draft.source, call);
    deriving.emit('kernel.network-namespace-created', { path: target, ...(of && { of }) }, [call.event]);
  } else if (draft.bind && draft.source === target) bindOnItself(target, inside, call, deriving);
  else if (!call.succeeded) return;
  else if (inside === '/dev/console' && draft.bind) {
    deriving.operation('console', { path: draft.source }, [call.event]);
  } else attached({ ...draft, target: inside ?? target }, [call.event], deriving);
}

/** The process whose network namespace a path of proc names; undefined for the caller's own, which it has just made. */
function processBehind(source: string, { event }: Call): number | undefined {
  const pid = Number(/^\/proc\/(\d+)\//.exec(source)?.[1]);
  return pid > 0 && pid !== event.pid && pid !== event.tid ? pid : undefined;
}

/** A path bound on itself: the root before pivot_root, or the first half of a read-only path. */
function bindOnItself(target: string, inside: string | undefined, call: Call, deriving: Deriving): void {
  const { process, operation, rootIs } = deriving;
  if (inside !== undefined && inside !== '/') {
    if (call.succeeded) process.boundOnItself.set(target, call.event);
    else if (call.errno === 'ENOENT') operation('readonly_path', { path: inside }, [call.event], { errno: 'ENOENT' });
    return;
  }
  if (!call.succeeded) return;
  rootIs(target);
  operation('root_bind', { path: target }, [call.event]);
}

/** /dev/null over a file, an empty tmpfs over a folder. A file that does not exist is met and ignored. */
function isMask(
  draft: MountDraft,
  target: string,
  inside: string | undefined,
  call: Call,
  { process, operation, config }: Deriving,
): boolean {
  if (inside === undefined || inside === '/dev/null') return false;
  const isNull = draft.bind && draft.source.endsWith('/dev/null');
  const first = process.failedMasks.get(target);
  const isEmpty = draft.fstype === 'tmpfs' && (first !== undefined || config?.maskedPaths.includes(inside) === true);
  if (!isNull && !isEmpty) return false;
  process.failedMasks.delete(target);
  if (call.succeeded) {
    const calls = first === undefined ? [call.event] : [first, call.event];
    process.masked.set(target, calls);
    operation('mask_path', { path: inside }, calls, { result: isNull ? 0 : 1 });
  } else if (call.errno === 'ENOENT') operation('mask_path', { path: inside }, [call.event], { errno: 'ENOENT' });
  else process.failedMasks.set(target, call.event);
  return true;
}

const fsopen: Handler = (call, { process }) => {
  if (!call.succeeded) return;
  process.mounts.set(call.result, { fstype: call.string(0) ?? '', source: '', options: [], bind: false });
};

const fsconfig: Handler = (call, { process }) => {
  const draft = process.mounts.get(call.descriptor(0)?.number ?? -1);
  const [command, key, value] = [call.raw(1), call.string(2), call.string(3)];
  if (draft === undefined || key === undefined || !call.succeeded) return;
  if (key === 'source') draft.source = value ?? '';
  else draft.options.push(command === 'FSCONFIG_SET_FLAG' || value === undefined ? key : `${key}=${value}`);
};

const fsmount: Handler = (call, { process }) => {
  const draft = process.mounts.get(call.descriptor(0)?.number ?? -1);
  if (draft === undefined || !call.succeeded) return;
  process.mounts.set(call.result, { ...draft, options: [...optionsOf(call.flags(2)), ...draft.options] });
};

const openTree: Handler = (call, { process }) => {
  if (!call.succeeded) return;
  const path = process.resolve(call.string(1) ?? '', call.descriptor(0)?.name);
  process.descriptors.set(call.result, path);
  if (!call.flags(2).has('OPEN_TREE_CLONE')) return;
  process.mounts.set(call.result, { fstype: '', source: path, options: [], bind: true });
};

const mountSetattr: Handler = (call, deriving) => {
  if (!call.succeeded) return;
  const { process } = deriving;
  const options = optionsOf(flagSet(call.field(3, 'attr_set') ?? ''));
  const folder = call.descriptor(0);
  const path = call.string(1) ?? '';
  const draft = process.mounts.get(folder?.number ?? -1);
  if (path === '' && draft !== undefined) draft.options.push(...options);
  else if (options.length > 0) remount({ target: process.resolve(path, folder?.name), options, call }, deriving);
};

const moveMount: Handler = (call, deriving) => {
  const { process } = deriving;
  const draft = process.mounts.get(call.descriptor(0)?.number ?? -1);
  if (draft === undefined) return;
  const [folder, path] = [call.descriptor(2), call.string(3) ?? ''];
  const name = folder?.name ?? process.descriptors.get(folder?.number ?? -1);
  attach(draft, path === '' ? (name ?? '') : process.resolve(path, name), call, deriving);
};

const pivotRoot: Handler = (call, { process, operation }) => {
  if (!call.succeeded) return;
  process.entered = true;
  const calls = [call.event];
  process.pivot = { calls, isDetached: false };
  process.cwd = '/';
  operation('pivot_root', {}, calls);
};

/** Into the container's root; a daemon that unpacks a layer goes elsewhere. */
const chroot: Handler = (call, { process, inside }) => {
  if (call.succeeded && inside(process.resolve(call.string(0) ?? '')) === '/') process.entered = true;
};

const umount: Handler = (call, { process, inside, emit, forgetMount }) => {
  if (!call.succeeded) return;
  if (process.pivot !== undefined) {
    process.pivot.isDetached = true;
    return;
  }
  const path = process.resolve(call.string(0) ?? '');
  const target = inside(path) ?? path;
  if (!forgetMount(target)) emit('kernel.mount-detached', { target, flags: call.raw(1) }, [call.event]);
};

export const mountHandlers: Readonly<Record<string, Handler>> = {
  mount,
  fsopen,
  fsconfig,
  fsmount,
  open_tree: openTree,
  mount_setattr: mountSetattr,
  move_mount: moveMount,
  pivot_root: pivotRoot,
  chroot,
  umount2: umount,
};
