// Every field of config.json that the specification names, on a host with version 1 hierarchies and on one with version 2 alone: it changes the plan, or
// it is refused by its name, or there is a reason why it changes nothing. The list is the specification's; the schema must have the same.
// @source oci-runtime 1.2 config.md, config-linux.md; schema/config-schema.json
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { configSchema } from '../../src/oci/runtime.ts';
import { compile, type Edit, hostWith, version1, version2 } from './host.ts';

type Answer = 'plan' | 'refused' | { nothing: string };
interface Field {
  value: unknown;
  /** What must be there beside it, with and without the field. */
  beside?: Edit;
  answer?: Answer;
  /** On a host with version 2 alone, when that is another one. */
  onVersion2?: Answer;
}

const resources: Edit = (c) => Object.assign(c.linux, { resources: {} });
const inResources = (
  name: string,
  value: unknown,
  more: Omit<Field, 'value' | 'beside'> = {},
  own: object = {},
): Field => ({
  value,
  beside: (c) => Object.assign(c.linux, { resources: { [name]: structuredClone(own) } }),
  ...more,
});
const memory = (value: unknown, more: Omit<Field, 'value' | 'beside'> = {}, own: object = {}) =>
  inResources('memory', value, more, own);
const cpu = (value: unknown, more: Omit<Field, 'value' | 'beside'> = {}, own: object = {}) =>
  inResources('cpu', value, more, own);
const refusedOnVersion2 = { onVersion2: 'refused' } as const;
const hook = { path: '/bin/true' };
const device = { path: '/dev/x', type: 'c', major: 1, minor: 3 };
const mount = { destination: '/m', type: 'tmpfs', source: 'tmpfs' };
const withMount: Edit = (c) => c.mounts.push({ ...mount });
const last = 7;
const map = { containerID: 0, hostID: 1000, size: 65536 };
const mapped: Edit = (c) => {
  c.linux.namespaces.push({ type: 'user' });
  Object.assign(c.linux, { uidMappings: [{ ...map }], gidMappings: [{ ...map }] });
};
const scheduled =
  (policy: string): Edit =>
  (c) =>
    Object.assign(c.process, { scheduler: { policy } });
const deadline: Edit = (c) =>
  Object.assign(c.process, { scheduler: { policy: 'SCHED_DEADLINE', runtime: 1e6, deadline: 2e6, period: 4e6 } });
const rule = { names: ['acct'], action: 'SCMP_ACT_ERRNO' };
const filtered: Edit = (c) =>
  Object.assign(c.linux, { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [structuredClone(rule)] } });
const withArgument: Edit = (c) => {
  filtered(c);
  c.linux.seccomp.syscalls[0].args = [{ index: 0, value: 1, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }];
};
const listening: Edit = (c) => {
  filtered(c);
  c.linux.seccomp.syscalls[0].action = 'SCMP_ACT_NOTIFY';
  c.linux.seccomp.listenerPath = '/agent';
};
const throttled = { major: 8, minor: 0, rate: 1000 };
const foreign = (value: unknown): Field => ({ value, answer: 'refused' });

const fields: Readonly<Record<string, Field>> = {
  '/ociVersion': { value: '1.0.0' },
  '/process/terminal': { value: true, beside: (c) => Object.assign(c.process, { terminal: false }) },
  '/process/consoleSize/height': {
    value: 33,
    beside: (c) => Object.assign(c.process, { consoleSize: { width: 9, height: 9 } }),
  },
  '/process/consoleSize/width': {
    value: 33,
    beside: (c) => Object.assign(c.process, { consoleSize: { width: 9, height: 9 } }),
  },
  '/process/user/uid': { value: 7 },
  '/process/user/gid': { value: 7 },
  '/process/user/umask': { value: 0o77 },
  '/process/user/additionalGids': { value: [7] },
  '/process/user/username': foreign('Administrator'),
  '/process/args': { value: ['true'] },
  '/process/commandLine': foreign('cmd.exe'),
  '/process/env': { value: ['A=1'] },
  '/process/cwd': { value: '/tmp' },
  '/process/capabilities/bounding': { value: [] },
  '/process/capabilities/effective': { value: [] },
  '/process/capabilities/inheritable': { value: ['CAP_KILL'] },
  '/process/capabilities/permitted': {
    value: ['CAP_KILL'],
    beside: (c) => Object.assign(c.process.capabilities, { effective: [] }),
  },
  '/process/capabilities/ambient': {
    value: ['CAP_KILL'],
    beside: (c) => Object.assign(c.process.capabilities, { inheritable: ['CAP_KILL'] }),
  },
  '/process/rlimits': { value: [{ type: 'RLIMIT_CORE', soft: 1, hard: 1 }] },
  '/process/noNewPrivileges': { value: false },
  '/process/apparmorProfile': { value: 'docker-default', answer: 'refused' },
  '/process/selinuxLabel': { value: 'system_u:system_r:container_t:s0', answer: 'refused' },
  '/process/oomScoreAdj': { value: 7 },
  '/process/scheduler/policy': { value: 'SCHED_BATCH', beside: scheduled('SCHED_OTHER') },
  '/process/scheduler/nice': { value: 7, beside: scheduled('SCHED_OTHER') },
  '/process/scheduler/priority': {
    value: 7,
    beside: (c) => Object.assign(c.process, { scheduler: { policy: 'SCHED_FIFO', priority: 1 } }),
  },
  '/process/scheduler/flags': { value: ['SCHED_FLAG_RESET_ON_FORK'], beside: scheduled('SCHED_OTHER') },
  '/process/scheduler/runtime': { value: 1_500_000, beside: deadline },
  '/process/scheduler/deadline': { value: 3_000_000, beside: deadline },
  '/process/scheduler/period': { value: 5_000_000, beside: deadline },
  '/process/ioPriority/class': {
    value: 'IOPRIO_CLASS_RT',
    beside: (c) => Object.assign(c.process, { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 } }),
  },
  '/process/ioPriority/priority': {
    value: 7,
    beside: (c) => Object.assign(c.process, { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 } }),
  },
  '/process/execCPUAffinity/initial': { value: '0', answer: { nothing: 'for exec only' } },
  '/process/execCPUAffinity/final': { value: '0', answer: { nothing: 'for exec only' } },
  '/root/path': { value: 'elsewhere' },
  '/root/readonly': { value: false },
  '/hostname': { value: 'other' },
  '/domainname': { value: 'other' },
  [`/mounts/${last}/destination`]: { value: '/n', beside: withMount },
  [`/mounts/${last}/type`]: { value: 'ramfs', beside: withMount },
  [`/mounts/${last}/source`]: { value: 'other', beside: withMount },
  [`/mounts/${last}/options`]: { value: ['nosuid'], beside: withMount },
  [`/mounts/${last}/uidMappings`]: {
    value: [map],
    beside: (c) =>
      c.mounts.push({
        destination: '/m',
        source: '/x',
        options: ['bind'],
        uidMappings: [{ ...map, hostID: 5 }],
        gidMappings: [map],
      }),
  },
  [`/mounts/${last}/gidMappings`]: {
    value: [map],
    beside: (c) =>
      c.mounts.push({
        destination: '/m',
        source: '/x',
        options: ['bind'],
        uidMappings: [map],
        gidMappings: [{ ...map, hostID: 5 }],
      }),
  },
  '/hooks/prestart': { value: [hook] },
  '/hooks/createRuntime': { value: [hook] },
  '/hooks/createContainer': { value: [hook] },
  '/hooks/startContainer': { value: [hook] },
  '/hooks/poststart': { value: [hook] },
  '/hooks/poststop': { value: [hook] },
  '/annotations': { value: { a: 'b' } },
  '/solaris': foreign({}),
  '/windows': foreign({}),
  '/vm': foreign({}),
  '/zos': foreign({}),
  '/freebsd': foreign({}),
  '/linux/namespaces': { value: [{ type: 'mount' }], beside: (c) => delete c.hostname },
  '/linux/uidMappings': { value: [{ ...map, hostID: 5 }], beside: mapped },
  '/linux/gidMappings': { value: [{ ...map, hostID: 5 }], beside: mapped },
  '/linux/devices': { value: [device] },
  '/linux/cgroupsPath': { value: '/other' },
  '/linux/rootfsPropagation': { value: 'shared' },
  '/linux/sysctl': { value: { 'net.ipv4.ip_forward': '1' } },
  '/linux/maskedPaths': { value: ['/x'] },
  '/linux/readonlyPaths': { value: ['/x'] },
  '/linux/mountLabel': { value: 'system_u:object_r:container_file_t:s0', answer: 'refused' },
  '/linux/intelRdt': { value: {}, answer: 'refused' },
  '/linux/personality/domain': {
    value: 'LINUX32',
    beside: (c) => Object.assign(c.linux, { personality: { domain: 'LINUX' } }),
  },
  '/linux/personality/flags': {
    value: ['ADDR_NO_RANDOMIZE'],
    beside: (c) => Object.assign(c.linux, { personality: { domain: 'LINUX' } }),
    answer: 'refused',
  },
  '/linux/timeOffsets': { value: { boottime: { secs: 5 } }, beside: (c) => c.linux.namespaces.push({ type: 'time' }) },
  '/linux/netDevices': { value: { eth9: {} } },
  '/linux/memoryPolicy/mode': {
    value: 'MPOL_BIND',
    beside: (c) => Object.assign(c.linux, { memoryPolicy: { mode: 'MPOL_INTERLEAVE', nodes: '0' } }),
  },
  '/linux/memoryPolicy/nodes': {
    value: '1',
    beside: (c) => Object.assign(c.linux, { memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' } }),
  },
  '/linux/memoryPolicy/flags': {
    value: ['MPOL_F_STATIC_NODES'],
    beside: (c) => Object.assign(c.linux, { memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' } }),
  },
  '/linux/seccomp/defaultAction': { value: 'SCMP_ACT_LOG', beside: filtered },
  '/linux/seccomp/defaultErrnoRet': {
    value: 7,
    beside: (c) => {
      filtered(c);
      c.linux.seccomp.defaultAction = 'SCMP_ACT_ERRNO';
      c.linux.seccomp.syscalls[0].action = 'SCMP_ACT_ALLOW';
    },
  },
  '/linux/seccomp/architectures': { value: ['SCMP_ARCH_X86'], beside: filtered },
  '/linux/seccomp/flags': { value: ['SECCOMP_FILTER_FLAG_LOG'], beside: filtered },
  '/linux/seccomp/listenerPath': { value: '/other', beside: listening },
  '/linux/seccomp/listenerMetadata': { value: 'words', beside: listening },
  '/linux/seccomp/syscalls/0/names': { value: ['chroot'], beside: filtered },
  '/linux/seccomp/syscalls/0/action': { value: 'SCMP_ACT_TRAP', beside: filtered },
  '/linux/seccomp/syscalls/0/errnoRet': { value: 7, beside: filtered },
  '/linux/seccomp/syscalls/0/args/0/index': { value: 1, beside: withArgument },
  '/linux/seccomp/syscalls/0/args/0/value': { value: 2, beside: withArgument },
  '/linux/seccomp/syscalls/0/args/0/valueTwo': { value: 1, beside: withArgument },
  '/linux/seccomp/syscalls/0/args/0/op': { value: 'SCMP_CMP_GE', beside: withArgument },
  '/linux/resources/devices': {
    value: [{ allow: true, type: 'b', major: 8, minor: 0, access: 'r' }],
    beside: resources,
  },
  '/linux/resources/memory/limit': memory(1 << 26),
  '/linux/resources/memory/reservation': memory(1 << 26),
  '/linux/resources/memory/swap': memory(1 << 27, {}, { limit: 1 << 26 }),
  '/linux/resources/memory/kernel': memory(1 << 26, {
    answer: { nothing: 'not recommended any more, and the kernel has no such limit since 5.16; a warning says so' },
  }),
  '/linux/resources/memory/kernelTCP': memory(1 << 26, refusedOnVersion2),
  '/linux/resources/memory/swappiness': memory(50, refusedOnVersion2),
  '/linux/resources/memory/disableOOMKiller': memory(true, refusedOnVersion2),
  '/linux/resources/memory/useHierarchy': memory(false, { answer: 'refused' }),
  '/linux/resources/memory/checkBeforeUpdate': memory(
    true,
    { answer: { nothing: 'for update only' } },
    { limit: 1 << 26 },
  ),
  '/linux/resources/cpu/shares': cpu(512),
  '/linux/resources/cpu/quota': cpu(50_000),
  '/linux/resources/cpu/burst': cpu(1000, {}, { quota: 50_000 }),
  '/linux/resources/cpu/period': cpu(50_000),
  '/linux/resources/cpu/realtimeRuntime': cpu(1000, refusedOnVersion2),
  '/linux/resources/cpu/realtimePeriod': cpu(1000, refusedOnVersion2),
  '/linux/resources/cpu/cpus': cpu('0'),
  '/linux/resources/cpu/mems': cpu('0'),
  '/linux/resources/cpu/idle': cpu(1),
  '/linux/resources/pids/limit': inResources('pids', 7),
  '/linux/resources/blockIO/weight': inResources('blockIO', 500),
  '/linux/resources/blockIO/leafWeight': inResources('blockIO', 500, refusedOnVersion2),
  '/linux/resources/blockIO/weightDevice': inResources('blockIO', [{ major: 8, minor: 0, weight: 500 }]),
  '/linux/resources/blockIO/throttleReadBpsDevice': inResources('blockIO', [throttled]),
  '/linux/resources/blockIO/throttleWriteBpsDevice': inResources('blockIO', [throttled]),
  '/linux/resources/blockIO/throttleReadIOPSDevice': inResources('blockIO', [throttled]),
  '/linux/resources/blockIO/throttleWriteIOPSDevice': inResources('blockIO', [throttled]),
  '/linux/resources/hugepageLimits': { value: [{ pageSize: '2MB', limit: 1 << 22 }], beside: resources },
  '/linux/resources/network/classID': inResources('network', 7, refusedOnVersion2),
  '/linux/resources/network/priorities': inResources('network', [{ name: 'lo', priority: 7 }], refusedOnVersion2),
  '/linux/resources/rdma': { value: { mlx5: { hcaHandles: 3 } }, beside: resources },
  '/linux/resources/unified': {
    value: { 'memory.high': '1000000' },
    beside: resources,
    answer: 'refused',
    onVersion2: 'plan',
  },
};

/** Sets the value at a pointer, with the objects on the way. */
function set(document: Record<string, unknown>, pointer: string, value: unknown): void {
  const keys = pointer.slice(1).split('/');
  const key = keys.pop() ?? '';
  const parent = keys.reduce((at, name) => {
    at[name] ??= {};
    return at[name] as Record<string, unknown>;
  }, document);
  parent[key] = value;
}

function hostOf(version: 1 | 2) {
  if (version === 2)
    return hostWith({
      cgroups: version2,
      readCgroupFile: (path) => (path.endsWith('cgroup.controllers') ? 'cpuset cpu io memory hugetlb pids rdma' : '0'),
    });
  const more = ['hugetlb', 'rdma', 'net_cls', 'net_prio'].map((name) => ({
    controllers: [name],
    mountpoint: `/sys/fs/cgroup/${name}`,
  }));
  return hostWith({ cgroups: { ...version1, v1: [...version1.v1, ...more] } });
}

function planOf(edit: Edit, version: 1 | 2): string {
  const { sha256: _document, ...plan } = compile(edit, hostOf(version)).plan;
  return JSON.stringify(plan, (_key, value) =>
    typeof value === 'bigint'
      ? String(value)
      : value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : value,
  );
}

function seenOf(pointer: string, { value, beside = () => undefined }: Field, version: 1 | 2): string {
  const without = planOf(beside, version);
  try {
    const changed = planOf((c) => {
      beside(c);
      set(c, pointer, value);
    }, version);
    return changed === without ? 'nothing' : 'plan';
  } catch (error) {
    assert.ok(error instanceof LabError, String(error));
    const name = pointer.split('/').findLast((word) => !/^\d+$/.test(word)) ?? '';
    assert.ok(error.message.includes(name), `${pointer}: the refusal does not name it: ${error.message}`);
    return 'refused';
  }
}

for (const version of [1, 2] as const)
  test(`every field is honoured, or refused by its name, on version ${version}`, () => {
    const word = (answer: Answer): string => (typeof answer === 'string' ? answer : 'nothing');
    const expected = ({ answer = 'plan', onVersion2 }: Field): string =>
      word((version === 2 ? onVersion2 : answer) ?? answer);
    const wrong = Object.entries(fields).flatMap(([pointer, field]) => {
      const seen = seenOf(pointer, field, version);
      return seen === expected(field) ? [] : [`${pointer}: ${seen}, expected ${expected(field)}`];
    });
    assert.deepEqual(wrong, []);
  });

/** Pointers of all that a schema names, a list's entries as their place in the table; an object of the document's own keys is one. */
function leavesOf(schema: unknown, pointer: string): string[] {
  const { type, entries, item, wrapped, pipe } = schema as {
    type: string;
    entries?: Record<string, unknown>;
    item?: unknown;
    wrapped?: unknown;
    pipe?: unknown[];
  };
  if (wrapped !== undefined) return leavesOf(wrapped, pointer);
  const inner = pipe?.slice(1).find((step) => (step as { kind?: string }).kind === 'schema');
  if (inner !== undefined) return leavesOf(inner, pointer);
  if (type === 'object' && entries !== undefined)
    return Object.entries(entries).flatMap(([key, value]) => leavesOf(value, `${pointer}/${key}`));
  const deep = { '/mounts': last, '/linux/seccomp/syscalls': 0, '/linux/seccomp/syscalls/0/args': 0 }[pointer];
  return item !== undefined && deep !== undefined ? leavesOf(item, `${pointer}/${deep}`) : [pointer];
}

test('the table has every field that the schema knows, and no other', () => {
  assert.deepEqual(Object.keys(fields).sort(), leavesOf(configSchema, '').sort());
});
