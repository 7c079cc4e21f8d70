// What config.json is made into, where the specification leaves no choice: numbers, what is passed over, the places of joins and hooks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileBundle } from '../../src/runc/compile.ts';
import { defaultSpec, rootlessSpec } from '../../src/runc/default-spec.ts';
import { compile, hostWith, named, version2 } from './host.ts';

test('an unlimited limit keeps all 64 bits', () => {
  const text = JSON.stringify(defaultSpec()).replace(
    '"hard":1024,"soft":1024',
    '"hard":18446744073709551615,"soft":1024',
  );
  const { operations } = compileBundle({
    id: 'web',
    bundle: '/bundle',
    config: text,
    host: hostWith({ hardLimits: new Map() }),
  });
  assert.deepEqual(named(operations, 'rlimit')[0]?.hard, 0xffff_ffff_ffff_ffffn);
});

test('capabilities that the host cannot give are dropped with a warning', () => {
  const compiled = compile(
    (c) => {
      for (const set of ['bounding', 'effective', 'permitted'])
        c.process.capabilities[set] = ['CAP_KILL', 'CAP_SYS_RESOURCE'];
    },
    hostWith({ boundingCapabilities: 1n << 5n }),
  );
  assert.deepEqual(compiled.warnings, ['capabilities that this host cannot give are left out: CAP_SYS_RESOURCE']);
  assert.deepEqual(named(compiled.operations, 'capability_bounding'), [{ keep: 1n << 5n }]);
});

test('ambient capabilities that are not inheritable are left out with a warning', () => {
  const compiled = compile((c) => {
    c.process.capabilities.ambient = ['CAP_KILL'];
  });
  assert.match(compiled.warnings.join(), /ambient .* CAP_KILL/);
  assert.deepEqual(named(compiled.operations, 'capability_ambient'), [{ mask: 0n }]);
});

test('properties that the spec does not name are ignored, as it demands', () => {
  assert.ok(
    compile((c) => {
      c.process.favourite = 'tea';
      c.extra = 1;
    }).operations.length > 0,
  );
});

test('nulls count as absent', () => {
  assert.ok(
    compile((c) => {
      c.process.rlimits = null;
      c.linux.seccomp = null;
      c.hooks = { prestart: null };
    }).operations.length > 0,
  );
});

test('the default config.json compiles for both cgroup versions, rootless too', () => {
  for (const cgroups of [hostWith().cgroups, version2]) {
    assert.ok(compile(() => undefined, hostWith({ cgroups })).operations.length > 50);
  }
  const rootless = compileBundle({
    id: 'web',
    bundle: '/bundle',
    config: JSON.stringify(rootlessSpec(1000, 1000)),
    host: hostWith(),
  });
  assert.deepEqual(
    named(rootless.operations, 'id_map').map(({ file, value }) => [file, value]),
    [
      ['uid_map', '0 1000 1\n'],
      ['gid_map', '0 1000 1\n'],
    ],
  );
  assert.equal(named(rootless.operations, 'device_make').length, 0);
});

test('a joined pid namespace is entered before the clone, a network one in the child', () => {
  const { operations } = compile((c) => {
    c.linux.namespaces = [
      { type: 'mount' },
      { type: 'pid', path: '/proc/7/ns/pid' },
      { type: 'network', path: '/run/netns/x' },
      { type: 'cgroup' },
    ];
    delete c.hostname;
  });
  const names = operations.map(({ name }) => name);
  const joins = operations.flatMap((operation) =>
    operation.name === 'setns' ? [[operation.actor, operation.arguments.path]] : [],
  );
  assert.deepEqual(joins, [
    ['init', '/proc/7/ns/pid'],
    ['init', '/run/netns/x'],
  ]);
  const births = names.filter((name) => ['fork', 'setns', 'clone'].includes(name));
  assert.deepEqual(births, ['fork', 'setns', 'clone', 'setns']);
  assert.ok(names.lastIndexOf('cgroup_join') < names.indexOf('unshare'));
  assert.ok(!names.includes('loopback_up'));
});

test('hooks stand in the places of the spec', () => {
  const hook = (path: string) => [{ path, args: [path, 'x'], env: ['A=b'], timeout: 3 }];
  const { operations } = compile((c) => {
    c.hooks = {
      prestart: hook('/1'),
      createRuntime: hook('/2'),
      createContainer: hook('/3'),
      startContainer: hook('/4'),
      poststart: hook('/5'),
      poststop: hook('/6'),
    };
  });
  const order = operations.flatMap((operation) =>
    operation.name === 'hook'
      ? [`${operation.arguments.path} ${operation.actor}`]
      : ['pivot_root', 'await_start', 'exec'].includes(operation.name)
        ? [operation.name]
        : [],
  );
  assert.deepEqual(order, [
    '/1 runtime',
    '/2 runtime',
    '/3 init',
    'pivot_root',
    'await_start',
    '/4 init',
    'exec',
    '/5 runtime',
    '/6 runtime',
  ]);
  assert.deepEqual(named(operations, 'hook')[0], {
    phase: 'prestart',
    path: '/1',
    argv: ['/1', 'x'],
    env: ['A=b'],
    timeoutSeconds: 3,
  });
});
