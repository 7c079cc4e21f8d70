// Which namespace is made or joined where: before the clone, at it, or in the child.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceSpec } from '../../src/oci/runtime.ts';
import { CLONE_NEW } from '../../src/runc/compile/flags.ts';
import { cloneOperations, execNamespaces, joinNamespaces } from '../../src/runc/compile/namespaces.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import { contextWith, named } from './host.ts';

const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
const at = (type: NamespaceSpec['type']): NamespaceSpec => ({ type, path: `/ns/${type}` });
const own = (type: NamespaceSpec['type']): NamespaceSpec => ({ type });

/** `actor name what`, one line an operation. */
const lines = (operations: readonly Operation[]): string[] =>
  operations.map(({ actor, name, arguments: values }) => {
    const { path, file, flags } = values as { path?: string; file?: string; flags?: number };
    const types = Object.entries(CLONE_NEW).filter(([, bit]) => ((flags ?? 0) & bit) !== 0);
    return `${actor} ${name} ${path ?? file ?? types.map(([type]) => type).join(',')}`;
  });

const order = (namespaces: NamespaceSpec[], { maps = false, privileged = true } = {}): string[] => {
  const linux = { namespaces, ...(maps ? { uidMappings: map, gidMappings: map } : {}) };
  const context = contextWith({ linux }, privileged ? {} : { effectiveCapabilities: 0n });
  return lines([...cloneOperations(context), ...joinNamespaces(context)]);
};

test('without a user namespace pid is joined before the clone, the others by the child', () => {
  assert.deepEqual(order([own('mount'), at('pid'), at('network'), own('cgroup'), own('uts')]), [
    'runtime fork ',
    'init setns /ns/pid',
    'init clone mount,uts',
    'init setns /ns/network',
    'init unshare cgroup',
  ]);
});

test('beside a new user namespace everything is joined with the rights of the host', () => {
  assert.deepEqual(order([own('user'), own('mount'), at('network'), own('pid')], { maps: true }), [
    'runtime fork ',
    'init setns /ns/network',
    'init clone user,pid',
    'runtime id_map uid_map',
    'runtime id_map gid_map',
    'init unshare mount',
  ]);
});

test('a joined user namespace comes last of the joins, and everything new is made at once in it', () => {
  assert.deepEqual(order([own('mount'), at('user'), at('pid'), at('ipc'), own('uts'), own('cgroup')]), [
    'runtime fork ',
    'init setns /ns/pid',
    'init setns /ns/ipc',
    'init setns /ns/user',
    'init clone mount,uts',
    'init unshare cgroup',
  ]);
});

test('the clocks of a new time namespace are set between leaving the old and entering the new', () => {
  const namespaces = [own('mount'), own('time')];
  const timeOffsets = { monotonic: { secs: -5, nanosecs: 7 }, boottime: { secs: 3 } };
  const context = contextWith({ linux: { namespaces, timeOffsets } });
  const operations = [...cloneOperations(context), ...joinNamespaces(context)];
  assert.deepEqual(lines(operations).slice(0, 2), ['runtime clone mount', 'init unshare time']);
  assert.deepEqual(
    operations.slice(2).map(({ actor, name }) => `${actor} ${name}`),
    ['runtime time_offsets', 'init time_enter'],
  );
  assert.deepEqual(named(operations, 'time_offsets'), [{ value: 'monotonic -5 7\nboottime 3 0\n' }]);
});

test('a caller without rights joins the user namespace first, which gives them', () => {
  assert.deepEqual(order([own('mount'), at('pid'), at('user')], { privileged: false }).slice(0, 3), [
    'runtime fork ',
    'init setns /ns/user',
    'init setns /ns/pid',
  ]);
});

test('an exec joins the mount namespace after the others, and the user namespace, which takes the rights, last', () => {
  const context = contextWith({ linux: { namespaces: [own('mount'), own('user'), own('pid'), at('network')] } });
  assert.deepEqual(lines(execNamespaces(context)), [
    'init setns ns/net',
    'init setns ns/pid',
    'init setns ns/mnt',
    'init setns ns/user',
  ]);
});
