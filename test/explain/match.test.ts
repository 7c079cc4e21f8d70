// From what a foreign runtime does to the line of config.json that asks for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { derivedEvents } from '../../src/explain/effects/derive.ts';
import { causeInConfig, runtimeConfig } from '../../src/explain/match.ts';
import { parameterOf } from '../../src/explain/match-cgroups.ts';
import { readStrace } from './effects-strace.ts';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const document = JSON.parse(fixture('runc-1.1/config.json')) as Record<string, unknown>;
const config = runtimeConfig(document);
assert.ok(config);

const ownOf = (runtime: string): string[] =>
  derivedEvents(readStrace(fixture(`${runtime}/calls.strace`)), [], { config: document })
    .filter(({ event }) => event.cause === undefined)
    .map(({ event }) => String(event.data.path ?? event.data.operation).replace(/.*\//, ''));

test('everything that a real runc does comes from a line of config.json or a named default', () => {
  assert.deepEqual(ownOf('runc-1.1'), []);
});

test('what a real crun does of its own accord is told as such', () => {
  assert.deepEqual(ownOf('crun-1.8'), [
    'memory.kmem.limit_in_bytes',
    'memory.memsw.limit_in_bytes',
    'freezer.state',
    'freezer.state',
  ]);
  const own = derivedEvents(readStrace(fixture('crun-1.8/calls.strace')), [], { config: document })
    .map(({ event }) => event)
    .filter((event) => event.data.own === true);
  assert.equal(own.length, 4);
});

test('every derived event is marked derived', () => {
  const events = derivedEvents(readStrace(fixture('runc-1.1/calls.strace')), [], { config: document });
  assert.ok(events.length > 100);
  assert.deepEqual([...new Set(events.map(({ event }) => event.truth))], ['derived']);
});

const operation = (name: string, args: Record<string, unknown>): string | undefined =>
  causeInConfig({ type: 'kernel.operation-executed', data: { operation: name, arguments: args } }, config);
const mount = (target: string): string | undefined =>
  causeInConfig({ type: 'kernel.mount-attached', data: { target } }, config);
const cgroup = (file: string): string | undefined =>
  causeInConfig({ type: 'kernel.cgroup-written', data: { path: `/sys/fs/cgroup/x/${file}` } }, config);

test('mounts are matched by destination, those of a cgroup mount by where they are', () => {
  assert.equal(mount('/proc'), 'config:/mounts/0');
  assert.equal(mount('/sys/fs/cgroup/memory'), 'config:/mounts/4');
  assert.equal(mount('/proc/somewhere'), undefined);
});

test('paths, namespaces, sysctls and limits are matched one by one', () => {
  assert.equal(operation('mask_path', { path: '/proc/kcore' }), 'config:/linux/maskedPaths/3');
  assert.equal(operation('mask_path', { path: '/elsewhere' }), undefined);
  assert.equal(operation('setns', { type: 'network' }), 'config:/linux/namespaces/1');
  assert.equal(
    operation('sysctl', { key: 'net/ipv4/ping_group_range' }),
    'config:/linux/sysctl/net.ipv4.ping_group_range',
  );
  assert.equal(operation('sysctl', { key: 'kernel/panic' }), undefined);
  assert.equal(operation('device_make', { path: '/dev/null' }), 'default:spec-devices');
  assert.equal(operation('umask', { mask: '022' }), 'default:umask');
  assert.equal(operation('__proto__', {}), undefined);
});

test('cgroup files of both versions lead to their field, where config.json has it', () => {
  assert.equal(cgroup('memory.limit_in_bytes'), 'config:/linux/resources/memory/limit');
  assert.equal(cgroup('memory.max'), 'config:/linux/resources/memory/limit');
  assert.equal(cgroup('pids.max'), undefined);
  assert.equal(cgroup('cpuset.mems'), 'default:cpuset-inherited');
  assert.equal(cgroup('cgroup.procs'), 'config:/linux/cgroupsPath');
  assert.equal(parameterOf('blkio.throttle.read_bps_device'), '/linux/resources/blockIO');
  assert.equal(parameterOf('hugetlb.2MB.limit_in_bytes'), '/linux/resources/hugepageLimits');
  assert.equal(parameterOf('toString'), undefined);
});

test('a config.json of any shape is read without an error', () => {
  for (const value of [{}, { mounts: 5, linux: [], process: null }, { mounts: [null, 7], linux: { devices: [{}] } }]) {
    assert.deepEqual(runtimeConfig(value)?.maskedPaths, []);
  }
  assert.equal(runtimeConfig('text'), undefined);
});
