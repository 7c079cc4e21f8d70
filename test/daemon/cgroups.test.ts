// exec-opts of daemon.json: which driver makes the cgroups of containers, and where these are.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { cgroupDriverOf, cgroupFoldersOf, cgroupsPathOf } from '../../src/daemon/cgroups.ts';
import { parseConfiguration } from '../../src/daemon/configuration.ts';

const parsed = (...words: string[]) => parseConfiguration(JSON.stringify({ 'exec-opts': words }), 'daemon.json');

test('the driver is cgroupfs, or the one that exec-opts names', () => {
  assert.equal(cgroupDriverOf(parseConfiguration('{}', 'daemon.json')), 'cgroupfs');
  assert.equal(cgroupDriverOf(parsed('native.cgroupdriver=cgroupfs')), 'cgroupfs');
});

test('another option is refused by name', () => {
  assert.throws(() => parsed('native.cgroupdriver=other'), /exec-opts "native\.cgroupdriver=other": expected/);
  assert.throws(() => parsed('isolation=x'), /exec-opts "isolation=x"/);
});

test('the systemd driver is taken where systemd runs, and refused where not', () => {
  const ask = () => cgroupDriverOf(parsed('native.cgroupdriver=systemd'));
  if (existsSync('/run/systemd/system')) assert.equal(ask(), 'systemd');
  else assert.throws(ask, /systemd does not run on this host/);
});

test('with systemd a container is a unit, in one of the two places where its cgroup is looked for', () => {
  assert.equal(cgroupsPathOf('systemd', 'c1'), 'system.slice:tlab:c1');
  assert.equal(cgroupsPathOf('cgroupfs', 'c1'), '/tlab/c1');
  assert.deepEqual(cgroupFoldersOf('c1'), ['tlab/c1', 'system.slice/tlab-c1.scope']);
});
