// Files of control groups in words, one row a file: what a write to it asks of the kernel. Version 1 and 2 side by side.
import { own, type WordsRow } from '../words-row.ts';

export interface CgroupSubject {
  /** The file's name: memory.max. */
  file: string;
  value: string;
  /** By a runtime that is not ours, which keeps another order. */
  isForeign: boolean;
}

export const cgroupOf = (path: string, value: string, isForeign = false): CgroupSubject => ({
  file: path.slice(path.lastIndexOf('/') + 1),
  value,
  isForeign,
});

const file =
  (...names: string[]) =>
  (subject: CgroupSubject): boolean =>
    names.includes(subject.file);
const bytes = (value: string): string =>
  /^\d+$/.test(value) ? `${Math.round((Number(value) / 1024 / 1024) * 10) / 10} MiB` : value;

const beforeTheProcess = ({ isForeign }: CgroupSubject): string =>
  isForeign
    ? 'While the child waits: real runc puts it there first and limits it then. A value that the kernel refuses fails before anything of the image has run.'
    : 'Before the clone: a value that the kernel refuses then fails before any process exists, and the limit holds from the first instruction.';

export const cgroupRows: readonly WordsRow<CgroupSubject>[] = [
  {
    id: 'cgroup-join',
    when: file('cgroup.procs', 'tasks'),
    does: ({ value, file: name }) =>
      value === '0'
        ? `Puts the ${name === 'tasks' ? 'writing thread' : 'writing process'} into this cgroup: 0 stands for the writer itself.`
        : `Puts ${value === '' ? 'a process' : `process ${value}`} into this cgroup; its children will be born there.`,
    now: ({ isForeign }) =>
      `${isForeign ? 'Real runc does so before it writes most of the limits; in any case' : 'After the limits are in place and'} before the program runs, so that not one page of it is charged elsewhere.`,
    without:
      'The container would live in the cgroup of its starter: no limit would hold, and its usage would be counted there.',
    shows: ['KRN-3', 'KRN-6'],
    source: 'man cgroups(7)',
  },
  {
    id: 'cgroup-subtree-control',
    when: file('cgroup.subtree_control'),
    does: ({ value }) =>
      `Hands controllers down to the child cgroups: ${value}. Only then do their files (memory.max …) exist there.`,
    now: "From the top downwards, before the container's own cgroup is filled with limits. Below the root, a cgroup that holds processes itself may not hand down memory or io (EBUSY).",
    without: 'The child cgroup would have no memory.max, cpu.max or pids.max to write.',
    shows: ['KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-memory-max',
    when: file('memory.max'),
    does: ({ value }) =>
      `Limits memory to ${bytes(value)} (version 2): the kernel reclaims first, then kills in this cgroup alone.`,
    now: beforeTheProcess,
    without: 'One container could use up the memory of the host, and the kernel would choose any process to kill.',
    shows: ['KRN-5', 'KRN-12'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-memory-limit',
    when: file('memory.limit_in_bytes'),
    does: ({ value }) => `Limits memory to ${bytes(value)} (version 1; version 2 calls it memory.max).`,
    now: (subject) =>
      `${beforeTheProcess(subject)} And before the limit of memory and swap together, which may not be the smaller one.`,
    without: 'One container could use up the memory of the host, and the kernel would choose any process to kill.',
    shows: ['KRN-5', 'KRN-12'],
    source: 'kernel cgroup-v1/memory.rst',
  },
  {
    id: 'cgroup-memsw',
    when: file('memory.memsw.limit_in_bytes'),
    does: ({ value }) => `Limits memory and swap together to ${bytes(value)} (version 1).`,
    now: 'After memory.limit_in_bytes when limits are lowered: the sum may never be below the part (EINVAL).',
    without: 'A container at its memory limit would go on into swap without bound and slow the host down.',
    shows: ['KRN-5', 'KRN-12'],
    source: 'kernel cgroup-v1/memory.rst',
  },
  {
    id: 'cgroup-swap-max',
    when: file('memory.swap.max'),
    does: ({ value }) =>
      `Limits swap to ${bytes(value)} (version 2). Here it is swap alone: Docker's --memory-swap is the sum, so memory was subtracted.`,
    now: beforeTheProcess,
    without: 'A container at its memory limit would go on into swap without bound.',
    shows: ['KRN-5', 'KRN-12'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-memory-soft',
    when: file('memory.soft_limit_in_bytes', 'memory.low'),
    does: ({ value, file: name }) =>
      name === 'memory.low'
        ? `Asks the kernel to spare ${bytes(value)} of this cgroup, as far as it can, when memory is short (version 2). It is no limit.`
        : `When the host is short of memory, the kernel takes first from this cgroup what it has beyond ${bytes(value)} (version 1). It is no limit.`,
    now: beforeTheProcess,
    without: 'Under pressure this container would be reclaimed like any other.',
    shows: ['KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-oom-control',
    when: file('memory.oom_control'),
    does: 'Switches the out-of-memory killer off for this cgroup (version 1): who needs more memory waits.',
    now: beforeTheProcess,
    without: 'The kernel would kill a process in this cgroup when its memory is used up. Version 2 has no such switch.',
    shows: ['KRN-12'],
    source: 'kernel cgroup-v1/memory.rst',
  },
  {
    id: 'cgroup-event-control',
    when: file('cgroup.event_control'),
    does: 'Asks to be told when this cgroup runs out of memory (version 1): names an eventfd and the file that it is about.',
    now: 'Once the container is there; the shim does it, which stays. Version 2 counts such events in memory.events instead.',
    without:
      'A container killed for memory would end with 137 like any other SIGKILL; to say OOMKilled, somebody would have to read the counter of kills before the cgroup is gone.',
    shows: ['KRN-12', 'DMN-9'],
    source: 'kernel cgroup-v1/memory.rst',
  },
  {
    id: 'cgroup-swappiness',
    when: file('memory.swappiness'),
    does: ({ value }) =>
      `Says how eagerly this cgroup's memory is swapped out: ${value}, of 0 to 100 as Docker takes it (version 1 only).`,
    now: beforeTheProcess,
    without: "The host's own setting would hold.",
    shows: ['KRN-3'],
    source: 'kernel cgroup-v1/memory.rst',
  },
  {
    id: 'cgroup-cpu-max',
    when: file('cpu.max'),
    does: ({ value }) => {
      const [quota = '', period = '100000'] = value.split(' ');
      return quota === 'max'
        ? 'Takes the CPU quota away: no limit.'
        : `Allows ${quota} microseconds of CPU in every ${period}: ${Math.round((Number(quota) / Number(period)) * 100) / 100} processors (version 2).`;
    },
    now: beforeTheProcess,
    without: 'The container could use every processor whenever others leave it idle.',
    shows: ['KRN-13'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-cpu-quota',
    when: file('cpu.cfs_quota_us'),
    does: ({ value }) =>
      value.startsWith('-')
        ? 'Takes the CPU quota away: no limit.'
        : `Allows ${value} microseconds of CPU in each period; who has used them up waits for the next one (throttled).`,
    now: 'After the period. The kernel refuses a share (quota by period) larger than that of the cgroup above (EINVAL).',
    without: 'The container could use every processor whenever others leave it idle.',
    shows: ['KRN-13'],
    source: 'kernel sched-bwc.rst',
  },
  {
    id: 'cgroup-cpu-period',
    when: file('cpu.cfs_period_us'),
    does: ({ value }) => `Sets the period that the CPU quota is counted in: ${value} microseconds.`,
    now: 'Before the quota, which is a share of it.',
    without: "The quota would be counted in the kernel's default of 100 ms, which is also Docker's.",
    shows: ['KRN-13'],
    source: 'kernel sched-bwc.rst',
  },
  {
    id: 'cgroup-cpu-weight',
    when: file('cpu.shares', 'cpu.weight'),
    does: ({ value, file: name }) =>
      `Weighs this cgroup against its siblings when processors are contended: ${value} (${name === 'cpu.shares' ? 'the default is 1024' : 'the default is 100'}). It is no limit.`,
    now: beforeTheProcess,
    without: 'All containers would get equal parts of a busy processor.',
    shows: ['KRN-13'],
    source: 'man cgroups(7)',
  },
  {
    id: 'cgroup-cpuset',
    when: file('cpuset.cpus', 'cpuset.mems'),
    does: ({ value, file: name }) =>
      `Allows ${name === 'cpuset.cpus' ? `the processors ${value}` : `memory of the NUMA nodes ${value}`}, no other.`,
    now: 'Before a process is put there: in version 1 a new cpuset is empty, and joining an empty one fails with ENOSPC.',
    without: "In version 1 no process could join; in version 2 the parent's set would hold.",
    shows: ['KRN-13'],
    source: 'man cpuset(7)',
  },
  {
    id: 'cgroup-pids',
    when: file('pids.max'),
    does: ({ value }) =>
      `Allows ${value === 'max' ? 'any number of' : value} processes and threads; beyond, fork and clone fail with EAGAIN.`,
    now: beforeTheProcess,
    without: 'A fork bomb in the container would use up the process ids of the host.',
    shows: ['KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-devices-deny',
    when: ({ file: name, value }) => name === 'devices.deny' && value.startsWith('a'),
    does: 'Forbids every device to this cgroup (version 1): the list starts from nothing.',
    now: 'First of the device rules: what follows in devices.allow is the list of exceptions.',
    without:
      "A new cgroup inherits its parent's rights: the container could open the host's disks once it had a node for them.",
    shows: ['SEC-5', 'KRN-3'],
    source: 'kernel cgroup-v1/devices.rst',
  },
  {
    id: 'cgroup-devices-all',
    when: ({ file: name, value }) => name === 'devices.allow' && value.startsWith('a'),
    does: 'Allows every device to this cgroup (version 1), as --privileged asks.',
    now: 'In place of the list of exceptions that other containers get; a process joins only afterwards.',
    without: "The cgroup would have its parent's rights: often every device as well, but nobody would have decided so.",
    shows: ['SEC-5', 'KRN-3'],
    source: 'kernel cgroup-v1/devices.rst',
  },
  {
    id: 'cgroup-devices',
    when: file('devices.allow', 'devices.deny'),
    does: ({ file: name, value }) => `${name === 'devices.allow' ? 'Allows' : 'Forbids'} ${deviceWords(value)}.`,
    now: 'After everything was forbidden, before the process runs.',
    without: ({ file: name }) =>
      name === 'devices.allow'
        ? 'open(2) of that device would fail with EPERM in the container, even for root and with a node present; m alone lets it make nodes, not use them.'
        : 'The container could use that device as soon as it has a node for it.',
    shows: ['SEC-5', 'KRN-3'],
    source: 'kernel cgroup-v1/devices.rst',
  },
  {
    id: 'cgroup-freeze',
    when: file('freezer.state', 'cgroup.freeze'),
    does: ({ value }) =>
      /^(1|FROZEN)$/.test(value)
        ? 'Freezes every process of the cgroup: `docker pause`. No signal is sent, none has a say in it; clocks go on.'
        : 'Lets the processes of the cgroup run again.',
    now: 'All of a container in one step: stopping processes one by one with SIGSTOP would leave some running, and they could see it.',
    without: 'The container would go on running, or stay frozen and not even die by SIGKILL in version 1.',
    shows: ['DMN-5', 'KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-kill',
    when: file('cgroup.kill'),
    does: 'Sends SIGKILL to every process of the cgroup and below, forks in flight included (version 2, Linux 5.14).',
    now: 'At the end, before the directory is removed, which only works when no process is left.',
    without: 'Processes of a container without a PID namespace of its own could outlive it.',
    shows: ['DMN-5'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-io',
    when: ({ file: name }) => name.startsWith('blkio.') || name.startsWith('io.'),
    does: ({ file: name, value }) => `Weighs or limits reads and writes on block devices: ${name} ${value}.`,
    now: beforeTheProcess,
    without: 'The container could take the whole disk bandwidth.',
    shows: ['KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-hugetlb',
    when: ({ file: name }) => name.startsWith('hugetlb.'),
    does: ({ file: name, value }) => `Limits huge pages: ${name} ${value}.`,
    now: beforeTheProcess,
    without: 'The container could use up the huge pages of the host.',
    shows: ['KRN-3'],
    source: 'kernel cgroup-v2.rst',
  },
  {
    id: 'cgroup-other',
    does: ({ file: name, value }) => `Writes ${value} to ${name}, a setting of this cgroup.`,
    now: beforeTheProcess,
    without: 'The value of a new cgroup would stay.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
];

function deviceWords(rule: string): string {
  const [type = '', numbers = '', access = ''] = rule.split(' ');
  const kind = own({ a: 'all devices', b: 'block devices', c: 'character devices' }, type) ?? 'devices';
  const name = own(knownDevices, `${type} ${numbers}`);
  const which =
    numbers === '*:*' || numbers === '' ? kind : `${kind} ${numbers}${name === undefined ? '' : ` (${name})`}`;
  const verbs = [...access]
    .map((letter) => ({ r: 'read', w: 'write', m: 'make nodes of' })[letter])
    .filter((verb) => verb !== undefined);
  return `it to ${verbs.join(', ')} ${which}`;
}

/** @source kernel admin-guide/devices.txt */
const knownDevices: Record<string, string> = {
  'c 1:3': 'null',
  'c 1:5': 'zero',
  'c 1:7': 'full',
  'c 1:8': 'random',
  'c 1:9': 'urandom',
  'c 5:0': 'tty',
  'c 5:1': 'console',
  'c 5:2': 'ptmx',
  'c 136:*': 'pseudo-terminals',
  'c 10:200': 'tun',
  'c 10:229': 'fuse',
};
