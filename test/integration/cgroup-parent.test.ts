// --cgroup-parent in a whole engine: where the container's cgroup is, that statistics find it there, and that a reset without a daemon
// does too. The real docker command line asks for it. Needs root.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

const parent = `/tlab-test-parent-${process.pid}`;
const { v1, v2 } = readCgroupLayout();
const parents = [...v1.map(({ mountpoint }) => mountpoint), ...(v2 === undefined ? [] : [v2])].map(
  (hierarchy) => `${hierarchy}${parent}`,
);
let engine: TestEngine;

before(async () => {
  if (process.getuid?.() === 0) engine = await startEngine({ configuration: { 'cgroup-parent': `${parent}/all` } });
});
after(async () => {
  await engine?.stop();
  for (const path of parents.flatMap((path) => [`${path}/one`, `${path}/all`, path]))
    if (existsSync(path)) rmdirSync(path);
});

const cgroupsOf = async (name: string): Promise<string[]> => {
  const pid = await engine.must('inspect', '--format', '{{.State.Pid}}', name);
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  return [...new Set(lines.map((line) => line.split(':')[2] ?? ''))];
};

test('a container is below the parent that --cgroup-parent names, else below that of daemon.json', root(), async () => {
  const run = [
    'run',
    '-d',
    '--memory',
    '64m',
    '--cgroup-parent',
    `${parent}/one`,
    '--name',
    'one',
    'busybox',
    'sleep',
    '99',
  ];
  const asked = await engine.inside('docker', [...engine.dockerHost, ...run]);
  assert.equal(asked.status, 0, asked.stderr);
  assert.deepEqual(await cgroupsOf('one'), [`${parent}/one/${asked.stdout.trim()}`]);
  assert.equal(await engine.must('inspect', '--format', '{{.HostConfig.CgroupParent}}', 'one'), `${parent}/one`);
  const stats = ['stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', 'one'];
  assert.match((await engine.inside('docker', [...engine.dockerHost, ...stats])).stdout, /\/ 64MiB 1\n$/);
  const id = await engine.must('run', '-d', '--name', 'other', 'busybox', 'sleep', '99');
  assert.deepEqual(await cgroupsOf('other'), [`${parent}/all/${id}`]);
  await engine.must('rm', '-f', 'one');
  assert.deepEqual(
    parents.filter((path) => existsSync(`${path}/one/${asked.stdout.trim()}`)),
    [],
  );
});

test('a reset without a daemon finds the cgroups below such a parent', root(), async () => {
  const id = await engine.must('inspect', '--format', '{{.Id}}', 'other');
  const pid = Number(await engine.must('inspect', '--format', '{{.State.Pid}}', 'other'));
  process.kill(Number(readFileSync(`${engine.root}/run/tlabd.pid`, 'utf8')), 'SIGKILL');
  await engine.must('system', 'reset', '--yes');
  assert.ok(!existsSync(`/proc/${pid}/root/.`));
  assert.deepEqual(
    parents.filter((path) => existsSync(`${path}/all/${id}`)),
    [],
  );
});
