// exec-opts of daemon.json: which driver makes the cgroups of containers, and where these are.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { cgroupDriverOf, cgroupFoldersOf, cgroupsPathOf, checkCgroupParent } from '../../src/daemon/cgroups.ts';
import { parseConfiguration } from '../../src/daemon/configuration.ts';

const parsed = (...words: string[]) => parseConfiguration(JSON.stringify({ 'exec-opts': words }), 'daemon.json');

test('the driver is the one that exec-opts names; without a word systemd on version 2 where it runs, else cgroupfs', () => {
  const on = (cgroupVersion: 1 | 2, configuration = parseConfiguration('{}', 'daemon.json')) => ({
    configuration,
    facts: { cgroupVersion },
  });
  assert.equal(cgroupDriverOf(on(2), true), 'systemd');
  assert.equal(cgroupDriverOf(on(2), false), 'cgroupfs');
  assert.equal(cgroupDriverOf(on(1), true), 'cgroupfs');
  assert.equal(cgroupDriverOf(on(2, parsed('native.cgroupdriver=cgroupfs')), true), 'cgroupfs');
});

test('with systemd the parent must be a slice, without it is a path', () => {
  for (const parent of ['/a', 'a', '.slice', 'a.scope', '../a.slice', '-a.slice', 'a--b.slice', 'a/b.slice'])
    assert.throws(() => checkCgroupParent('systemd', parent), /should be a valid slice named as "xxx\.slice": got/);
  for (const parent of ['', 'a.slice', 'user-1000.slice', '-.slice']) checkCgroupParent('systemd', parent);
  checkCgroupParent('cgroupfs', '/any/thing');
});

test('a parent that is asked for is where the container is put and looked for', () => {
  assert.equal(cgroupsPathOf('cgroupfs', 'c1', '/a/b/'), '/a/b/c1');
  assert.equal(cgroupsPathOf('cgroupfs', 'c1', '../../a'), '/a/c1');
  assert.equal(cgroupsPathOf('cgroupfs', 'c1', 'a'), '/tlab/a/c1');
  assert.equal(cgroupsPathOf('systemd', 'c1', 'a-b.slice'), 'a-b.slice:tlab:c1');
  assert.deepEqual(cgroupFoldersOf('c1', 'a-b.slice'), ['tlab/a-b.slice/c1', 'a.slice/a-b.slice/tlab-c1.scope']);
  assert.deepEqual(cgroupFoldersOf('c1', '/a'), ['a/c1', 'system.slice/tlab-c1.scope']);
});

test('another option is refused by name', () => {
  assert.throws(() => parsed('native.cgroupdriver=other'), /exec-opts "native\.cgroupdriver=other": expected/);
  assert.throws(() => parsed('isolation=x'), /exec-opts "isolation=x"/);
});

test('the systemd driver is taken where systemd runs, and refused where not', () => {
  const ask = () =>
    cgroupDriverOf({ configuration: parsed('native.cgroupdriver=systemd'), facts: { cgroupVersion: 1 } });
  if (existsSync('/run/systemd/system')) assert.equal(ask(), 'systemd');
  else assert.throws(ask, /systemd does not run on this host/);
});

test('with systemd a container is a unit, in one of the two places where its cgroup is looked for', () => {
  assert.equal(cgroupsPathOf('systemd', 'c1'), 'system.slice:tlab:c1');
  assert.equal(cgroupsPathOf('cgroupfs', 'c1'), '/tlab/c1');
  assert.deepEqual(cgroupFoldersOf('c1'), ['tlab/c1', 'system.slice/tlab-c1.scope']);
});
