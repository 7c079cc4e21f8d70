// Plans of a runtime without all privileges: who writes the maps, which cgroups are used, what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeConfig } from '../../src/oci/runtime.ts';
import { cgroupOperations, joinOperations } from '../../src/runc/compile/cgroups.ts';
import type { CompileContext } from '../../src/runc/compile/context.ts';
import { cloneOperations } from '../../src/runc/compile/namespaces.ts';
import { parseOwnCgroups, type RootlessFacts } from '../../src/runc/host/rootless.ts';
import { brief, contextWith, named, version2 } from './host.ts';

const ordinary = (changes: Partial<RootlessFacts> = {}): RootlessFacts => ({
  uid: 1000,
  gid: 1001,
  mayMapAny: false,
  newuidmap: '/usr/bin/newuidmap',
  newgidmap: '/usr/bin/newgidmap',
  isWritable: () => false,
  ownCgroup: () => '/user.slice/shell.scope',
  ...changes,
});
const namespaces = [{ type: 'user' }, { type: 'pid' }, { type: 'mount' }] as const;
const one = (hostID: number) => [{ containerID: 0, hostID, size: 1 }];
const linuxWith = (changes: Partial<NonNullable<RuntimeConfig['linux']>> = {}): Partial<RuntimeConfig> => ({
  linux: { namespaces: [...namespaces], uidMappings: one(1000), gidMappings: one(1001), ...changes },
});
const context = (config: Partial<RuntimeConfig>, rootless: RootlessFacts, host = {}): CompileContext =>
  contextWith(config, { rootless, ...host });

test('the own id is mapped by the runtime, its group after setgroups is denied', () => {
  assert.deepEqual(brief(cloneOperations(context(linuxWith(), ordinary()))), [
    'clone:805306368',
    'id_map:uid_map',
    'id_map:setgroups',
    'id_map:gid_map',
  ]);
});

test('ranges are mapped by the set-uid programs, which allow setgroups', () => {
  const ranges = [...one(1000), { containerID: 1, hostID: 100000, size: 65536 }];
  const operations = cloneOperations(context(linuxWith({ uidMappings: ranges, gidMappings: ranges }), ordinary()));
  assert.deepEqual(named(operations, 'id_map_helper'), [
    { program: '/usr/bin/newuidmap', value: '0 1000 1\n1 100000 65536\n' },
    { program: '/usr/bin/newgidmap', value: '0 1000 1\n1 100000 65536\n' },
  ]);
  assert.deepEqual(named(operations, 'id_map'), []);
});

test('root maps any range itself, and denies nothing', () => {
  const operations = cloneOperations(
    contextWith(linuxWith({ uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }] })),
  );
  assert.deepEqual(brief(operations).slice(1), ['id_map:uid_map', 'id_map:gid_map']);
});

test('without the package uidmap, ranges are refused with the program that is missing', () => {
  const facts = ordinary({ newuidmap: '', newgidmap: '' });
  assert.throws(
    () => cloneOperations(context(linuxWith({ uidMappings: one(100000) }), facts)),
    /\/linux\/uidMappings: more than the own id 1000: it takes the program newuidmap: install it \(Debian: uidmap\)/,
  );
});

test('where no cgroup is writable there is none, with a warning', () => {
  const given = context(linuxWith(), ordinary());
  assert.deepEqual([...cgroupOperations(given), ...joinOperations(given)], []);
  assert.match(given.warnings.join(), /this user may make no cgroup/);
});

test('only the hierarchies that are delegated are used, without device rules', () => {
  const isWritable = (path: string): boolean => path.startsWith('/sys/fs/cgroup/pids/') || path.includes('/devices/');
  const given = context(
    linuxWith({ cgroupsPath: '/mine/web', resources: { pids: { limit: 5n }, devices: [{ allow: false }] } }),
    ordinary({ isWritable }),
  );
  assert.deepEqual(named(cgroupOperations(given), 'cgroup_write'), [
    { path: '/sys/fs/cgroup/pids/mine/web/pids.max', value: '5' },
  ]);
  assert.deepEqual(brief(joinOperations(given)), [
    'cgroup_join:/sys/fs/cgroup/devices/mine/web',
    'cgroup_join:/sys/fs/cgroup/pids/mine/web',
  ]);
  assert.throws(
    () => cgroupOperations(context(linuxWith({ resources: { memory: { limit: 1n } } }), ordinary({ isWritable }))),
    /\/linux\/resources\/memory: uid 1000 may make no cgroup for it/,
  );
});

test('on version 2 the container is beside the cgroup that the runtime is in', () => {
  const given = context(linuxWith(), ordinary({ isWritable: () => true }), { cgroups: version2 });
  assert.deepEqual(brief(joinOperations(given)), ['cgroup_join:/sys/fs/cgroup/user.slice/tlab/web']);
  assert.deepEqual(named(cgroupOperations(given), 'cgroup_devices'), []);
});

test("a process's own cgroups are read by controllers", () => {
  const own = parseOwnCgroups('4:memory:/jobs/1\n2:cpuacct,cpu:/\n1:name=systemd:/a:b\n0::/user.slice\n');
  assert.deepEqual(
    ['memory', 'cpu,cpuacct', 'name=systemd', ''].map((name) => own.get(name)),
    ['/jobs/1', '/', '/a:b', '/user.slice'],
  );
});
