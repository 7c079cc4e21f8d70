// The systemd cgroup driver, second part, with the slow verbs: update, exec, and a name that is taken. Runs inside the machines of
// machine.ts that have systemd, as root.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { start } from '../helpers/shell.ts';
import {
  beside,
  bundleOf,
  call,
  directories,
  everything,
  expectWeight,
  folder,
  isUnified,
  mustCall,
  programs,
  type Runtime,
  resources,
  shown,
  unit,
} from './systemd-place.ts';

test('an update changes what systemd knows, as that of runc does', async () => {
  const bundle = await bundleOf(['sleep', '1000'], resources);
  const flags = ['--memory', '134217728', '--cpu-quota', '20000', '--cpu-share', '2048', '--pids-limit', '7'];
  const updated = (runtime: Runtime) =>
    beside(runtime, bundle, async () => {
      await mustCall(runtime, 'update', ...flags, ...(isUnified ? ['--memory-swap', '167772160'] : []), 'guest');
      if (runtime === 'tlab') await expectWeight(174);
      return everything(runtime);
    });
  const ours = await updated('tlab');
  assert.deepEqual(ours, await updated('runc'));
  assert.ok(ours.properties.includes('TasksMax=7'));
});

test('a process that is put into the container is in its unit', async () => {
  const bundle = await bundleOf(['sleep', '1000']);
  await beside('tlab', bundle, async () => {
    const inside = await call('tlab', 'exec', 'guest', 'cat', '/proc/self/cgroup');
    assert.equal(inside.status, 0, inside.stderr);
    start(programs.tlab, ['--root', `${folder}/tlab`, 'exec', '--detach', 'guest', 'sleep', '77']);
    const pids = () => readFileSync(`${directories()[0]}/cgroup.procs`, 'utf8').trim().split('\n');
    while (pids().length < 2) await new Promise(setImmediate);
  });
});

test('a unit of that name that runs is not taken, and stays', async () => {
  const busy = start('systemd-run', ['--quiet', '--scope', `--unit=${unit}`, 'sleep', '1000']);
  while ((await shown('ActiveState')) !== 'ActiveState=active') await new Promise(setImmediate);
  const ran = await call('tlab', 'run', '--bundle', await bundleOf(['true']), 'guest');
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /systemd StartTransientUnit of "pre-guest\.scope": .*already.*UnitExists/);
  assert.equal(await shown('ActiveState'), 'ActiveState=active');
  await busy.stop();
  while ((await shown('LoadState')) !== 'LoadState=not-found') await new Promise(setImmediate);
});
