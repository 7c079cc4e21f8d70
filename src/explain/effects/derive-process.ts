// Calls by which a runtime turns one of its processes into the container's: namespaces, host name, ids, capabilities, seccomp, limits,
// and at last execve. What is set several times (capabilities before and after setuid) counts as it stands at execve.
// @source man clone(2), setns(2), capabilities(7), seccomp(2), getrlimit(2), execve(2)
import { rlimitNumbers } from '../../base/kernel-names.ts';
import { type Call, flagSet } from './call.ts';
import { joinNetwork, rulesAsked } from './derive-network.ts';
import type { Deriving, Handler } from './deriving.ts';

/** As config.json calls them. @source uapi linux/sched.h; oci-runtime config-linux#namespaces */
const namespaceOfFlag: Readonly<Record<string, string>> = {
  CLONE_NEWNS: 'mount',
  CLONE_NEWUTS: 'uts',
  CLONE_NEWIPC: 'ipc',
  CLONE_NEWPID: 'pid',
  CLONE_NEWNET: 'network',
  CLONE_NEWUSER: 'user',
  CLONE_NEWCGROUP: 'cgroup',
  CLONE_NEWTIME: 'time',
};
/** @source man namespaces(7): the files of /proc/PID/ns */
const namespaceOfFile: Readonly<Record<string, string>> = { mnt: 'mount', net: 'network' };

const namespacesIn = (text: string): string[] =>
  [...text.matchAll(/CLONE_NEW[A-Z]+/g)].flatMap(([flag]) => namespaceOfFlag[flag] ?? []);

const clone: Handler = (call, { operation }) => {
  const types = Array.from({ length: call.count }, (_, i) => namespacesIn(call.raw(i))).flat();
  if (types.length > 0 && call.succeeded) operation('clone', { flags: types.join(',') }, [call.event]);
};

const unshare: Handler = (call, { process, operation }) => {
  const types = namespacesIn(call.raw(0));
  if (types.includes('network') && call.succeeded) process.network = 'a new one';
  if (types.length > 0 && call.succeeded && isWhole(call))
    operation('unshare', { flags: types.join(',') }, [call.event]);
};

const setns: Handler = (call, deriving) => {
  if (!call.succeeded) return;
  const { process, operation } = deriving;
  const path = call.descriptor(0)?.name ?? '';
  const file = /\/ns\/(\w+)$/.exec(path)?.[1];
  const types = namespacesIn(call.raw(1));
  if (types.length === 0 && file !== undefined) types.push(namespaceOfFile[file] ?? file);
  if (types.includes('network')) joinNetwork(path, call, deriving);
  if (!isWhole(call)) return;
  if (types.includes('mount')) process.entered = true;
  operation('setns', { path, type: types.join(',') }, [call.event]);
};

/** A thread of a daemon goes into a namespace to work there, and comes back: that makes no container. */
const isWhole = ({ event }: Call): boolean => event.pid === event.tid;

const simple =
  (operation: string, argument?: string): Handler =>
  (call, deriving) => {
    if (!call.succeeded) return;
    deriving.operation(operation, argument === undefined ? {} : { [argument]: call.string(0) ?? '' }, [call.event]);
  };

const keyctl: Handler = (call, { operation }) => {
  const name = call.string(1);
  if (call.raw(0) !== 'KEYCTL_JOIN_SESSION_KEYRING' || name === undefined || !call.succeeded) return;
  operation('session_keyring', { name }, [call.event]);
};

const seccomp: Handler = (call, deriving) => {
  if (call.raw(0) === 'SECCOMP_SET_MODE_FILTER' && call.succeeded) installed(call, 2, deriving);
};

function installed(call: Call, at: number, { operation }: Deriving): void {
  const length = call.field(at, 'len');
  if (length !== undefined)
    operation('seccomp', { program: `${length} instructions`, flags: call.raw(1) }, [call.event]);
}

const prctl: Handler = (call, deriving) => {
  if (!call.succeeded) return;
  const { process } = deriving;
  switch (call.raw(0)) {
    case 'PR_CAPBSET_DROP':
      process.dropped.add(capability(call.raw(1)));
      return process.set('capability_bounding', { keep: kept(process.dropped) }, call.event);
    case 'PR_CAP_AMBIENT':
      return ambient(call, deriving);
    case 'PR_SET_NO_NEW_PRIVS':
      return deriving.operation('no_new_privs', {}, [call.event]);
    case 'PR_SET_SECCOMP':
      if (call.raw(1) === 'SECCOMP_MODE_FILTER') installed(call, 2, deriving);
      return;
    default:
  }
};

function ambient(call: Call, { process }: Deriving): void {
  const name = capability(call.raw(2));
  if (call.raw(1) === 'PR_CAP_AMBIENT_RAISE') process.ambient.add(name);
  else if (call.raw(1) === 'PR_CAP_AMBIENT_LOWER') process.ambient.delete(name);
  else if (call.raw(1) === 'PR_CAP_AMBIENT_CLEAR_ALL') process.ambient.clear();
  else return;
  process.set('capability_ambient', { mask: [...process.ambient].join(',') || 'none' }, call.event);
}

/** `1<<CAP_NET_RAW`, `CAP_NET_RAW` → `net_raw`. */
const capability = (text: string): string => text.replace(/^.*CAP_/, '').toLowerCase();

/** In the order of their numbers. @source uapi linux/capability.h */
const capabilityNames =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(
    ' ',
  );
const kept = (dropped: ReadonlySet<string>): string =>
  capabilityNames.filter((name) => !dropped.has(name)).join(',') || 'none';

const capset: Handler = (call, { process }) => {
  if (!call.succeeded) return;
  const set = (name: string): string => [...flagSet(call.field(1, name) ?? '')].map(capability).join(',') || 'none';
  process.set(
    'capset',
    { effective: set('effective'), permitted: set('permitted'), inheritable: set('inheritable') },
    call.event,
  );
};

const attribute =
  (operation: string, args: (call: Call) => Record<string, unknown>): Handler =>
  (call, { process }) => {
    if (call.succeeded) process.set(operation, args(call), call.event);
  };

const umask = attribute('umask', (call) => ({ mask: `0${Number.parseInt(call.raw(0), 8).toString(8)}` }));
const setuid = attribute('setuid', (call) => ({ uid: Number(call.raw(0)) }));
const setgid = attribute('setgid', (call) => ({ gid: Number(call.raw(0)) }));
const setgroups = attribute('setgroups', (call) => ({ gids: (call.raw(1).match(/\d+/g) ?? []).join(' ') }));

const chdir: Handler = (call, { process, inside }) => {
  if (!call.succeeded) return;
  process.cwd = process.resolve(call.string(0) ?? '');
  if (process.entered && process.pivot === undefined)
    process.set('chdir', { path: inside(process.cwd) ?? process.cwd }, call.event);
};

const fchdir: Handler = (call, { process }) => {
  const folder = call.descriptor(0);
  if (call.succeeded) process.cwd = folder?.name ?? process.descriptors.get(folder?.number ?? -1) ?? process.cwd;
};

/** Only limits that config.json asks for: Go raises its own number of open files, and puts it back. */
const prlimit: Handler = (call, { process, config, operation }) => {
  const name = call.raw(1).replace('RLIMIT_', '');
  const resource = rlimitNumbers[`RLIMIT_${name}`] ?? -1;
  const [soft, hard] = [limitValue(call.field(2, 'rlim_cur')), limitValue(call.field(2, 'rlim_max'))];
  if (
    soft === undefined ||
    hard === undefined ||
    !call.succeeded ||
    config?.rlimits.includes(`RLIMIT_${name}`) !== true
  )
    return;
  const args = { resource, soft, hard };
  if (call.raw(0) === '0') process.set(`rlimit ${name}`, args, call.event);
  else operation('rlimit', args, [call.event]);
};

const infinity = '18446744073709551615';

function limitValue(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  if (/INFINITY$/.test(text)) return infinity;
  const value = text.split('*').reduce((product, factor) => product * Number(factor), 1);
  return Number.isFinite(value) ? value : undefined;
}

/** In the order in which our runtime does it. */
const atExec = [
  'rlimit',
  'umask',
  'capability_bounding',
  'chdir',
  'setgroups',
  'setgid',
  'setuid',
  'capset',
  'capability_ambient',
];

/** Values are never seen: the names are those of config.json, and HOME, which runtimes add, when the numbers agree. */
function environmentOf(asked: readonly string[], count: number): readonly string[] {
  if (asked.length === count) return asked;
  const hasHome = asked.some((variable) => variable.startsWith('HOME='));
  return !hasHome && asked.length + 1 === count ? [...asked, 'HOME='] : [];
}

/** Before the container is entered it is the runtime that executes itself again. */
const exec =
  (at: number): Handler =>
  (call, deriving) => {
    const { process, config } = deriving;
    if (!call.succeeded) return;
    const changes = rulesAsked(call.string(at - 1) ?? '', call.strings(at));
    if (changes.length > 0) process.rules = { changes, call: call.event };
    if (!process.entered) return;
    const rank = ([name]: [string, unknown]): number => atExec.indexOf(name.split(' ')[0] ?? '');
    for (const [name, { args, calls }] of [...process.attributes].sort((a, b) => rank(a) - rank(b))) {
      deriving.operation(name.split(' ')[0] ?? name, args, calls);
    }
    const count = Number(/(\d+) vars?/.exec(call.raw(at + 1))?.[1] ?? -1);
    const env = environmentOf(config?.environment ?? [], count);
    deriving.operation('exec', { argv: call.strings(at), env }, [call.event]);
    deriving.leave();
  };

export const processHandlers: Readonly<Record<string, Handler>> = {
  clone,
  clone3: clone,
  unshare,
  setns,
  setsid: simple('setsid'),
  sethostname: simple('sethostname', 'name'),
  setdomainname: simple('setdomainname', 'name'),
  keyctl,
  seccomp,
  prctl,
  capset,
  umask,
  setuid,
  setresuid: setuid,
  setgid,
  setresgid: setgid,
  setgroups,
  chdir,
  fchdir,
  prlimit64: prlimit,
  execve: exec(1),
  execveat: exec(2),
};
