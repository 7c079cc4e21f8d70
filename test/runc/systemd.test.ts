// The systemd driver's part of the compiler: names of slices and units, properties, the bytes of a call, annotations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeConfig } from '../../src/oci/runtime.ts';
import { cgroupsAfterClone, cgroupsAtDelete, cgroupsBeforeClone } from '../../src/runc/compile/cgroups.ts';
import type { CompileContext } from '../../src/runc/compile/context.ts';
import { checkDriver } from '../../src/runc/compile/systemd.ts';
import { slicePath, systemdUnitOf } from '../../src/runc/compile/systemd-unit.ts';
import { deviceNameIn } from '../../src/runc/host/facts.ts';
import type { RootlessFacts } from '../../src/runc/host/rootless.ts';
import { managerCall, pidPlace } from '../../src/runc/systemd/message.ts';
import { parseVariant } from '../../src/runc/systemd/variant-text.ts';
import { busctlWords } from '../../src/runc/systemd/words.ts';
import { brief, contextWith, named, version2 } from './host.ts';

const context = (config: Partial<RuntimeConfig>, host = {}): CompileContext => ({
  ...contextWith(config, { cgroups: version2, ...host }),
  cgroupDriver: 'systemd',
});
const unitOf = (cgroupsPath: string) => systemdUnitOf(context({ linux: { cgroupsPath } }));

test('a dash in the name of a slice is a level', () => {
  assert.equal(slicePath('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice');
  assert.equal(slicePath('-.slice'), '');
  for (const wrong of ['a', 'a/b.slice', '-a.slice', 'a-.slice', 'a--b.slice', '.slice', 'a b.slice'])
    assert.throws(() => slicePath(wrong), /expected a name such as a\.slice/, wrong);
});

test('the unit is named after slice, prefix and name', () => {
  assert.equal(unitOf('').path, '/system.slice/tlab-web.scope');
  assert.equal(unitOf(':pre:one').path, '/system.slice/pre-one.scope');
  assert.equal(unitOf('a-b.slice::one').path, '/a.slice/a-b.slice/one.scope');
  for (const wrong of ['/a/b', 'a.slice:b', 'a.slice:b:', 'a.slice:b:c:d', 'a.slice:b:c/d'])
    assert.throws(() => unitOf(wrong), /linux\/cgroupsPath/, wrong);
});

test('the driver is refused by name where systemd does not run', () => {
  assert.throws(
    () => checkDriver(context({}, { hasSystemd: false })),
    /^LabError: --systemd-cgroup: systemd does not run/,
  );
});

test("an ordinary user's own systemd is refused by name", () => {
  const rootless: RootlessFacts = {
    uid: 1000,
    gid: 1000,
    mayMapAny: false,
    newuidmap: '',
    newgidmap: '',
    isWritable: () => true,
    ownCgroup: () => '/user.slice',
  };
  assert.throws(() => checkDriver(context({}, { rootless })), /a user's own systemd is not supported by tlab-runc/);
});

/** The words of the call that starts the unit. */
function startWords(config: Partial<RuntimeConfig>): string {
  const calls = named(cgroupsAfterClone(context(config)), 'systemd_call');
  const start = calls.find(({ member }) => member === 'StartTransientUnit');
  assert.ok(start);
  return busctlWords(start.message, { pidAt: Number(start.pidAt), pid: 'PID' }).join(' ');
}

test('the unit starts after the clone, before its cgroup is written, and what ends it is for delete', () => {
  const config = { linux: { resources: { pids: { limit: 5 } } } };
  assert.deepEqual(brief(cgroupsBeforeClone(context(config))), []);
  assert.deepEqual(brief(cgroupsAfterClone(context(config))).slice(0, 2), [
    'systemd_call:ResetFailedUnit',
    'systemd_call:StartTransientUnit',
  ]);
  assert.deepEqual(brief(cgroupsAtDelete(context(config))), ['systemd_call:StopUnit', 'systemd_call:ResetFailedUnit']);
});

test('resources are properties of the unit, converted as for the files', () => {
  const words = startWords({
    linux: {
      resources: {
        memory: { limit: 64, swap: 100, reservation: 32 },
        cpu: { shares: 512, quota: 33333, period: 100000, cpus: '0-1,9' },
        pids: { limit: -1 },
        unified: { 'memory.high': '48', 'cpu.weight': '7', 'memory.oom.group': '1' },
      },
    },
  });
  assert.match(words, /^ssa\(sv\)a\(sa\(sv\)\) tlab-web\.scope replace \d+ .* PIDs au 1 PID .* 0$/);
  for (const property of [
    'Slice s system.slice',
    'Delegate b true',
    'MemoryMax t 64',
    'MemorySwapMax t 36',
    'MemoryLow t 32',
    'MemoryHigh t 48',
    'CPUWeight t 7',
    'CPUQuotaPerSecUSec t 340000',
    'CPUQuotaPeriodUSec t 100000',
    'AllowedCPUs ay 2 3 2',
    'TasksMax t 18446744073709551615',
    'DevicePolicy s strict',
    'char-pts rwm',
  ])
    assert.ok(words.includes(` ${property}`), `${property}: ${words}`);
});

test('annotations are properties; seconds become microseconds', () => {
  const words = startWords({
    annotations: { 'org.systemd.property.TimeoutStopSec': '1.5', 'org.systemd.property.Markers': "['a', 'b,c']" },
  });
  assert.match(words, /TimeoutStopUSec t 1500000 Markers as 2 a b,c/);
  assert.throws(
    () => startWords({ annotations: { 'org.systemd.property.x y': '1' } }),
    /annotations.*name of a property/,
  );
  assert.throws(() => startWords({ annotations: { 'org.systemd.property.A': 'uint8' } }), /annotations/);
});

test('values are read as GVariant text says them', () => {
  const cases: [string, string, unknown][] = [
    ['true', 'b', true],
    ['uint32 7', 'u', 7n],
    ['-7', 'i', -7n],
    ["'it\\'s'", 's', "it's"],
    ['[uint64 1, 2]', 'at', [1n, 2n]],
    ['0.5', 'd', 0.5],
  ];
  for (const [text, signature, value] of cases) assert.deepEqual(parseVariant(text), { signature, value }, text);
  for (const wrong of ['', 'uint32 -1', 'byte 256', "'open", 'boolean 1', '[]', '@as []', 'nothing'])
    assert.throws(() => parseVariant(wrong), /expected/, wrong);
});

test('a message has the pid where it says, every value aligned', () => {
  const { bytes, pidAt } = managerCall({
    member: 'X',
    signature: 'sa(sv)',
    values: ['a', [['PIDs', { signature: 'au', value: [pidPlace] }]]],
  });
  const patched = Buffer.from(bytes);
  patched.writeUInt32LE(4711, pidAt);
  assert.deepEqual(busctlWords(patched, { pidAt: 0, pid: '' }), ['sa(sv)', 'a', '1', 'PIDs', 'au', '1', '4711']);
  assert.equal(pidAt % 4, 0);
  assert.equal(patched.readUInt32LE(4), patched.length - Math.ceil((16 + patched.readUInt32LE(12)) / 8) * 8);
});

test('a kind of devices has the name that /proc/devices gives it', () => {
  const devices = 'Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  1 ramdisk\n';
  assert.deepEqual(
    [deviceNameIn(devices, 'char', 136), deviceNameIn(devices, 'block', 1), deviceNameIn(devices, 'block', 136)],
    ['pts', 'ramdisk', undefined],
  );
});
