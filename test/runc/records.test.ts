// The executor's records, joined with the plan: each becomes an event of the kernel with its cause and the command that does it by hand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import * as v from 'valibot';
import { encodePlan } from '../../src/runc/plan/encode.ts';
import type { Plan } from '../../src/runc/plan/format.ts';
import { operationEvents } from '../../src/runc/plan/records.ts';
import type { PartEvent } from '../../src/trace/events.ts';
import { events } from '../../src/trace/events.ts';

const sha256 = 'ab'.repeat(32);
const plan: Plan = {
  sha256,
  containerId: 'web',
  kind: 'container',
  ociVersion: '1.2.0',
  rootfs: 'rootfs',
  terminal: false,
  annotations: {},
  operations: [
    {
      name: 'cgroup_write',
      actor: 'runtime',
      cause: '/linux/resources/memory/limit',
      arguments: { path: '/sys/fs/cgroup/a/memory.max', value: '64' },
    },
    { name: 'clone', actor: 'runtime', cause: '/linux/namespaces', arguments: { flags: 0x20020000 } },
    { name: 'cgroup_join', actor: 'init', cause: '/linux/cgroupsPath', arguments: { path: '/sys/fs/cgroup/a' } },
    {
      name: 'mount',
      actor: 'init',
      cause: '/mounts/0',
      arguments: {
        source: 'proc',
        target: '/proc',
        fstype: 'proc',
        flags: 6,
        data: '',
        propagation: 0,
        recursiveAttributes: 0,
      },
    },
    { name: 'mask_path', actor: 'init', cause: 'default:masked-paths', arguments: { path: '/proc/none' } },
    {
      name: 'capset',
      actor: 'init',
      cause: '/process/capabilities',
      arguments: { effective: 1, permitted: 1, inheritable: 0 },
    },
    {
      name: 'exec',
      actor: 'init',
      cause: '/process/args',
      arguments: { argv: ['echo', "it's"], env: ['PATH=/bin', 'KEY=secret'] },
    },
  ],
};

const record = (
  index: number,
  { startNs = 1000 + index, endNs = 1500 + index, result = 0, errno = 0 } = {},
): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(index, 0);
  bytes.writeBigUInt64LE(BigInt(startNs), 8);
  bytes.writeBigUInt64LE(BigInt(endNs), 16);
  bytes.writeInt32LE(result, 24);
  bytes.writeInt32LE(errno, 28);
  return bytes;
};

const executed = (data: Record<string, unknown>): PartEvent => ({
  t: '1',
  stage: 'runc',
  pid: 10,
  tid: 10,
  type: 'runc.plan-executed',
  span: 'f'.repeat(16),
  truth: 'observed',
  data: {
    id: 'web',
    planSha256: sha256,
    planFile: `${sha256}.plan`,
    recordsFile: 'runc-10.records',
    rootfs: '/r',
    operations: 7,
    runtimePid: 10,
    initPid: 11,
    ...data,
  },
});

function joined(records: readonly Buffer[], data: Record<string, unknown> = {}, of = plan): PartEvent[] {
  const folder = mkdtempSync(`${tmpdir()}/tlab-records-`);
  try {
    writeFileSync(`${folder}/${sha256}.plan`, encodePlan(of));
    writeFileSync(`${folder}/runc-10.records`, Buffer.concat(records));
    return operationEvents(folder, executed(data));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('records become events with cause, process, twin and a shape that the table of events accepts', () => {
  const list = joined([0, 1, 2, 3].map((index) => record(index)));
  assert.deepEqual(
    list.map(({ type, pid, cause, twin }) => ({ type, pid, cause, twin })),
    [
      {
        type: 'kernel.cgroup-written',
        pid: 10,
        cause: 'config:/linux/resources/memory/limit',
        twin: 'echo 64 > /sys/fs/cgroup/a/memory.max',
      },
      {
        type: 'kernel.operation-executed',
        pid: 10,
        cause: 'config:/linux/namespaces',
        twin: 'unshare --fork --mount --pid',
      },
      {
        type: 'kernel.cgroup-written',
        pid: 11,
        cause: 'config:/linux/cgroupsPath',
        twin: 'echo 11 > /sys/fs/cgroup/a/cgroup.procs',
      },
      {
        type: 'kernel.mount-attached',
        pid: 11,
        cause: 'config:/mounts/0',
        twin: 'mount -t proc -o nosuid,nodev proc /r/proc',
      },
    ],
  );
  for (const { type, data } of list) v.parse(events[type as keyof typeof events].data as v.GenericSchema, data);
});

test('a prepared bind is a mount where it is attached, with one command; what the joiner did has its pid', () => {
  const mountSource = (source: string, target: string, maps: string) =>
    ({
      name: 'mount_source',
      actor: 'runtime',
      cause: '/mounts/0',
      arguments: {
        ...{ source, target, recursive: 0, propagation: 0, userNamespace: '' },
        ...{ uidMap: maps, gidMap: maps, idMapping: maps === '' ? 0 : 1 },
      },
    }) as const;
  const attach = (source: string, target: string, propagation = 0) =>
    ({
      name: 'mount_attach',
      actor: 'init',
      cause: '/mounts/0',
      arguments: { source, target, propagation, recursiveAttributes: 0 },
    }) as const;
  const operations: Plan['operations'] = [
    mountSource('/one', '/a', ''),
    mountSource('/two', '/b', '0 1000 1\n'),
    { name: 'fork', actor: 'runtime', cause: '/linux/namespaces', arguments: {} },
    { name: 'setns', actor: 'init', cause: '/linux/namespaces/0', arguments: { path: '/ns', type: 0x20000000 } },
    { name: 'clone', actor: 'init', cause: '/linux/namespaces', arguments: { flags: 0 } },
    attach('/one', '/a', 1 << 18),
    attach('/two', '/b'),
  ];
  const list = joined(
    operations.map((_, index) => record(index)),
    { joinerPid: 12 },
    { ...plan, operations },
  );
  assert.deepEqual(
    list.map(({ type, pid }) => `${type} ${pid}`).slice(2),
    [
      'operation-executed 10',
      'operation-executed 12',
      'operation-executed 12',
      'mount-attached 11',
      'mount-attached 11',
    ].map((words) => `kernel.${words}`),
  );
  assert.deepEqual(
    list.map(({ twin }) => twin).filter((twin) => twin?.startsWith('mount')),
    [
      'mount --bind /one /r/a && mount --make-private /r/a',
      "mount --bind -o 'X-mount.idmap=u:0:1000:1 g:0:1000:1' /two /r/b",
    ],
  );
  for (const { type, data } of list) v.parse(events[type as keyof typeof events].data as v.GenericSchema, data);
});

test('an error that was met and ignored is told, without a twin', () => {
  const [masked] = joined([record(4, { errno: 2 })]);
  assert.equal((masked?.data as { errno?: string } | undefined)?.errno, 'ENOENT');
  assert.equal(masked?.cause, 'default:masked-paths');
  assert.equal(masked?.twin, undefined);
});

test('capabilities are named, environment values redacted, and exec without an end has no duration', () => {
  const [capset, exec] = joined([record(5), record(6, { endNs: 0 })]);
  assert.equal((capset?.data as { arguments: Record<string, string> } | undefined)?.arguments.effective, 'chown');
  const data = exec?.data as { arguments: { env: string[] }; durationNs: number };
  assert.deepEqual(data.arguments.env, ['PATH=/bin', 'KEY=[redacted]']);
  assert.equal(data.durationNs, 0);
  assert.equal(exec?.twin, "exec echo 'it'\\''s'");
});

test('operations that were not reached, missing files and names with a path give no events', () => {
  assert.deepEqual(joined([Buffer.alloc(32)]), []);
  assert.deepEqual(joined([record(0)], { recordsFile: 'runc-99.records' }), []);
  assert.deepEqual(joined([record(0)], { planFile: '../../etc/passwd' }), []);
  assert.deepEqual(joined([record(4000)]), []);
});
