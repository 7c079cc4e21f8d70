// Which mounts are prepared with mapped ids, with whose maps, and how they are attached.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MountSpec, NamespaceSpec } from '../../src/oci/runtime.ts';
import { MS } from '../../src/runc/compile/flags.ts';
import { mountSources } from '../../src/runc/compile/id-mapped-mounts.ts';
import { mountOperations, resolveMounts } from '../../src/runc/compile/mounts.ts';
import { brief, contextWith, named } from './host.ts';

const map = [
  { containerID: 0, hostID: 100000, size: 1000 },
  { containerID: 1000, hostID: 5, size: 1 },
];
const lines = '0 100000 1000\n1000 5 1\n';

function compile(mounts: MountSpec[], user?: NamespaceSpec) {
  const maps = user !== undefined && user.path === undefined ? { uidMappings: map, gidMappings: map } : {};
  const linux = { namespaces: [{ type: 'mount' as const }, ...(user === undefined ? [] : [user])], ...maps };
  const context = contextWith({ mounts, linux });
  const resolved = resolveMounts(context);
  return {
    sources: named(mountSources(context, resolved), 'mount_source'),
    mounts: mountOperations(context, resolved),
  };
}

test('the maps of the mount itself come first, those of the user namespace where it has none', () => {
  const own: MountSpec = {
    destination: '/x',
    source: 'y',
    options: ['rbind', 'ridmap'],
    uidMappings: map,
    gidMappings: map,
  };
  const plain: MountSpec = { destination: '/x', source: '/y', options: ['bind', 'idmap'] };
  assert.deepEqual(compile([own]).sources, [
    {
      source: '/bundle/y',
      target: '/x',
      recursive: 1,
      propagation: MS.SLAVE | MS.REC,
      uidMap: lines,
      gidMap: lines,
      userNamespace: '',
      idMapping: 2,
    },
  ]);
  const made = compile([plain], { type: 'user' }).sources[0];
  assert.deepEqual([made?.uidMap, made?.userNamespace, made?.idMapping, made?.recursive], [lines, '', 1, 0]);
  const joined = compile([plain], { type: 'user', path: '/proc/1/ns/user' }).sources[0];
  assert.deepEqual([joined?.uidMap, joined?.userNamespace], ['', '/proc/1/ns/user']);
});

test('maps without the option are honoured, and flags and propagation come after the tree is attached', () => {
  const mount: MountSpec = {
    destination: '/x',
    source: '/y',
    options: ['rbind', 'ro', 'rshared'],
    uidMappings: map,
    gidMappings: map,
  };
  const { sources, mounts } = compile([mount]);
  assert.equal(sources[0]?.idMapping, 1);
  assert.deepEqual(brief(mounts), ['mount_attach:/y', 'mount:']);
  const [remount] = named(mounts, 'mount');
  assert.deepEqual([remount?.flags, remount?.propagation], [MS.REMOUNT | MS.BIND | MS.RDONLY, MS.SHARED | MS.REC]);
});

test('a mount without mapped ids is prepared only for a user namespace, whose root could not reach every source', () => {
  const plain: MountSpec = { destination: '/x', source: '/y', options: ['bind'] };
  const alone = compile([plain]);
  assert.deepEqual([alone.sources, brief(alone.mounts)], [[], ['mount:/y']]);
  const { sources, mounts } = compile([plain], { type: 'user' });
  assert.deepEqual([sources[0]?.idMapping, sources[0]?.uidMap, brief(mounts)], [0, '', ['mount_attach:/y']]);
});

test('a remount is of a mount that is there: nothing is prepared for it', () => {
  const { sources, mounts } = compile(
    [
      { destination: '/x', source: '/y', options: ['bind'] },
      { destination: '/x', options: ['bind', 'remount', 'ro'] },
    ],
    { type: 'user' },
  );
  assert.deepEqual([sources.length, brief(mounts)], [1, ['mount_attach:/y', 'mount:']]);
  const both: MountSpec[] = [
    { destination: '/x', source: '/y', options: ['bind'] },
    { destination: '/x', options: ['bind', 'remount', 'idmap'] },
  ];
  assert.throws(
    () => compile(both, { type: 'user' }),
    /mounts\/1\/options: "remount": expected none beside mapped ids/,
  );
});
