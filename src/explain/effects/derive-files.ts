// Calls that change the kernel through files: values written below /sys/fs/cgroup and /proc, cgroups made, devices and links of /dev.
// @source man cgroups(7), proc(5), mknod(2), symlink(2)
import type { Call } from './call.ts';
import type { Deriving, Handler } from './deriving.ts';

const cgroupRoot = '/sys/fs/cgroup/';

const write: Handler = (call, deriving) => {
  const file = call.descriptor(0);
  const path = file?.name ?? deriving.process.descriptors.get(file?.number ?? -1);
  const value = call.string(1)?.replaceAll('\0', '').trim();
  if (path === undefined || value === undefined || !call.succeeded) return;
  if (path.startsWith(cgroupRoot))
    deriving.emit('kernel.cgroup-written', { path, value: ruleText(value) }, [call.event]);
  else if (path.startsWith('/proc/')) writeProc(path.slice('/proc/'.length), value, call, deriving);
};

/** Version 1 devices: `a` stands for every device and every access. @source kernel Documentation/admin-guide/cgroup-v1/devices.rst */
const ruleText = (value: string): string => (value === 'a' ? 'a *:* rwm' : value);

function writeProc(path: string, value: string, call: Call, { operation }: Deriving): void {
  const calls = [call.event];
  const [, file = ''] = /^(?:self|thread-self|\d+)\/(?:task\/\d+\/)?(.*)$/.exec(path) ?? [];
  if (path.startsWith('sys/')) operation('sysctl', { key: path.slice('sys/'.length), value }, calls);
  else if (file === 'oom_score_adj') operation('oom_score_adj', { value }, calls);
  else if (['uid_map', 'gid_map', 'setgroups'].includes(file)) operation('id_map', { file, value }, calls);
  else if (/^attr\/(apparmor\/)?(exec|current)$/.test(file)) operation('security_label', { file, value }, calls);
}

/** The path of a call that takes a folder before it, or the path alone. */
function pathAt(call: Call, at: number, { process }: Deriving): string | undefined {
  const path = call.string(at);
  if (path === undefined) return undefined;
  const folder = at === 0 ? undefined : call.descriptor(at - 1);
  return process.resolve(path, folder?.name ?? process.descriptors.get(folder?.number ?? -1));
}

const mkdir =
  (at: number): Handler =>
  (call, deriving) => {
    const path = pathAt(call, at, deriving);
    if (call.succeeded && path?.startsWith(cgroupRoot)) deriving.emit('kernel.cgroup-made', { path }, [call.event]);
  };

const rmdir =
  (at: number): Handler =>
  (call, deriving) => {
    if (call.name === 'unlinkat' && !call.flags(2).has('AT_REMOVEDIR')) return;
    const path = pathAt(call, at, deriving);
    if (call.succeeded && path?.startsWith(cgroupRoot)) deriving.emit('kernel.cgroup-removed', { path }, [call.event]);
  };

/** A path to mask or to protect that the host lacks is looked for in vain, and that is all (crun). */
const open =
  (at: number): Handler =>
  (call, deriving) => {
    if (call.errno !== 'ENOENT') return;
    const path = deriving.inside(pathAt(call, at, deriving) ?? '');
    if (path === undefined) return;
    if (deriving.config?.maskedPaths.includes(path))
      deriving.operation('mask_path', { path }, [call.event], { errno: 'ENOENT' });
    if (deriving.config?.readonlyPaths.includes(path)) {
      deriving.operation('readonly_path', { path }, [call.event], { errno: 'ENOENT' });
    }
  };

/** @source uapi linux/stat.h S_IF* */
const typeBits: Readonly<Record<string, number>> = { S_IFCHR: 0o20000, S_IFBLK: 0o60000, S_IFIFO: 0o10000 };

const mknod =
  (at: number): Handler =>
  (call, deriving) => {
    const path = deriving.inside(pathAt(call, at, deriving) ?? '');
    if (path === undefined || !call.succeeded) return;
    const mode = [...call.flags(at + 1)].reduce((sum, word) => sum | (typeBits[word] ?? Number.parseInt(word, 8)), 0);
    const [, major = '0', minor = '0'] = /makedev\((\w+), (\w+)\)/.exec(call.raw(at + 2)) ?? [];
    const numbers = { major: Number(major), minor: Number(minor), uid: 0, gid: 0 };
    deriving.operation('device_make', { path, mode: `0${mode.toString(8)}`, ...numbers }, [call.event]);
  };

const symlink =
  (at: number): Handler =>
  (call, deriving) => {
    const path = deriving.inside(pathAt(call, at, deriving) ?? '');
    if (path === undefined || !call.succeeded) return;
    deriving.operation('symlink', { target: call.string(0) ?? '', path }, [call.event]);
  };

export const fileHandlers: Readonly<Record<string, Handler>> = {
  write,
  pwrite64: write,
  open: open(0),
  openat: open(1),
  openat2: open(1),
  mkdir: mkdir(0),
  mkdirat: mkdir(1),
  rmdir: rmdir(0),
  unlinkat: rmdir(1),
  mknod: mknod(0),
  mknodat: mknod(1),
  symlink: symlink(1),
  symlinkat: symlink(2),
};
