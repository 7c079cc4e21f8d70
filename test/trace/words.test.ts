// What the rows of event types say of an event: the line of a list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelRows } from '../../src/trace/rows/kernel.ts';

test('a mount is told with what is there: no empty source, no empty options', () => {
  const says = kernelRows['kernel.mount-attached'].says;
  const bind = { source: '/srv', target: '/data', fstype: '', options: '' };
  assert.equal(says(bind), 'mount bind /srv on /data');
  assert.equal(says({ ...bind, source: '', options: 'remount,ro,bind' }), 'mount again /data (remount,ro,bind)');
  assert.equal(
    says({ source: 'proc', target: '/proc', fstype: 'proc', options: 'nosuid' }),
    'mount proc proc on /proc (nosuid)',
  );
});

test('attributes of a netlink message are told without their nesting, however deep a trace nests them', () => {
  const says = kernelRows['kernel.netlink-sent'].says;
  const attributes = { IFLA_IFNAME: 'tlab0', IFLA_LINKINFO: { IFLA_INFO_KIND: 'bridge' } };
  const message = { message: 'RTM_NEWLINK', attributes, namespace: 'host' };
  assert.equal(says(message), 'netlink RTM_NEWLINK IFLA_IFNAME=tlab0 IFLA_INFO_KIND=bridge');
  let deep: Record<string, unknown> = { end: null };
  for (let i = 0; i < 2_000; i++) deep = { a: deep };
  assert.match(says({ ...message, attributes: deep }), /^netlink RTM_NEWLINK a=\{/);
});

test('lists among the arguments of an operation are told in words', () => {
  const says = kernelRows['kernel.operation-executed'].says;
  const done = { index: 0, actor: 'init', durationNs: 1, result: 0 };
  assert.equal(
    says({ ...done, operation: 'exec', arguments: { argv: ['nginx', '-g'], env: ['A=1'] } }),
    'exec nginx -g A=1',
  );
});

test('the numbers of an operation are told by their names', () => {
  const done = { index: 0, actor: 'init', durationNs: 1, result: 0 };
  const says = (operation: string, values: Record<string, unknown>): string =>
    kernelRows['kernel.operation-executed'].says({ ...done, operation, arguments: values });
  assert.equal(says('root_propagation', { flags: 540672 }), 'root_propagation rslave');
  assert.equal(says('root_propagation', { flags: 1 << 20 }), 'root_propagation shared');
  const device = { path: '/dev/null', mode: '020666', major: 1, minor: 3, uid: 0, gid: 0 };
  assert.equal(says('device_make', device), 'device_make /dev/null c 1:3 0666');
  assert.equal(
    says('device_make', { ...device, mode: '060640', gid: 6 }),
    'device_make /dev/null b 1:3 0640 owner 0:6',
  );
  assert.equal(
    says('rlimit', { resource: 7, soft: 1024, hard: '18446744073709551615' }),
    'rlimit nofile 1024:unlimited',
  );
  assert.equal(says('seccomp', { program: '995 instructions', flags: 0 }), 'seccomp 995 instructions');
  assert.equal(says('seccomp', { program: '995 instructions', flags: 6 }), 'seccomp 995 instructions LOG|SPEC_ALLOW');
  assert.equal(says('symlink', { target: 'pts/ptmx', path: '/dev/ptmx' }), 'symlink /dev/ptmx -> pts/ptmx');
  assert.equal(
    says('capset', { effective: 'kill', permitted: 'kill', inheritable: 'none' }),
    'capset effective=permitted=kill inheritable=none',
  );
});

test('an operation of another shape is told as it is', () => {
  const says = kernelRows['kernel.operation-executed'].says;
  const done = { index: 0, actor: 'init', durationNs: 1, result: 0 };
  assert.equal(says({ ...done, operation: 'root_propagation', arguments: { flags: 'odd' } }), 'root_propagation odd');
  assert.equal(says({ ...done, operation: 'device_make', arguments: { path: '/dev/fuse' } }), 'device_make /dev/fuse');
  assert.equal(says({ ...done, operation: 'toString', arguments: { a: 1 } }), 'toString 1');
});
