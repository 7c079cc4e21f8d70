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
