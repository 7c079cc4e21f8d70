// The systemd cgroup driver: the same bundles under tlab-runc and runc, compared by what systemd then shows of the container's unit
// and by the files of its cgroups. Runs inside the machines of machine.ts that have systemd, as root.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, control } from '../../src/engine/control.ts';
import { run } from '../helpers/shell.ts';
import {
  beside,
  bundleOf,
  call,
  directories,
  everything,
  expectWeight,
  folder,
  mustCall,
  path,
  programs,
  resources,
  shown,
  sortedLines,
} from './systemd-place.ts';

test('the unit, its properties and the files of its cgroups are those of runc', async () => {
  const bundle = await bundleOf(['sleep', '1000'], resources);
  const ours = await beside('tlab', bundle, async () => {
    const { pid } = JSON.parse(await mustCall('tlab', 'state', 'guest'));
    const cgroups = sortedLines(`/proc/${pid}/cgroup`).filter((line) => !line.endsWith(`:${path}`));
    assert.deepEqual(cgroups, [], 'in its unit in every hierarchy');
    await expectWeight(59);
    return everything('tlab');
  });
  assert.deepEqual(ours, await beside('runc', bundle, () => everything('runc')));
  assert.ok(ours.properties.includes('CPUQuotaPerSecUSec=340ms'), ours.properties.join(' '));
  assert.ok(ours.properties.includes(`ControlGroup=${path}`));
});

test('pause, resume and kill --all reach the unit', async () => {
  const bundle = await bundleOf(['sh', '-c', 'sleep 1000 & sleep 1000']);
  await beside('tlab', bundle, async () => {
    await mustCall('tlab', 'pause', 'guest');
    assert.equal(JSON.parse(await mustCall('tlab', 'state', 'guest')).status, 'paused');
    await mustCall('tlab', 'resume', 'guest');
    await mustCall('tlab', 'kill', '--all', 'guest', 'KILL');
    while (JSON.parse(await mustCall('tlab', 'state', 'guest')).status !== 'stopped') await new Promise(setImmediate);
  });
});

test('a value that systemd refuses fails with its words, and leaves no unit', async () => {
  const bundle = await bundleOf(['true'], (config) => {
    config.annotations = { 'org.systemd.property.CollectMode': "'sometimes'" };
  });
  const ran = await call('tlab', 'run', '--bundle', bundle, 'guest');
  assert.match(ran.stderr, /systemd StartTransientUnit of "pre-guest\.scope": .*CollectMode/i);
  assert.equal(await shown('LoadState'), 'LoadState=not-found');
});

for (const fault of ['fail', 'kill'] as const) {
  test(`${fault} where systemd is called for the unit, and behind it: neither unit nor cgroup is left`, async () => {
    const bundle = await bundleOf(['true']);
    for (const point of ['systemd_call', 'cgroup_join', 'pivot_root']) {
      let met = false;
      const controller = await control(`${folder}/control`, ({ name, pid, verb }): Answer | Promise<Answer> => {
        if (met || verb !== 'create' || name !== point) return 'go';
        met = true;
        if (fault === 'fail') return 'EIO';
        process.kill(pid, 'SIGKILL');
        return new Promise(() => undefined);
      });
      const words = ['--systemd-cgroup', '--root', `${folder}/tlab`, 'create', '--bundle', bundle, 'guest'];
      const ran = await run(programs.tlab, words, { env: { TLAB_CONTROL: `${folder}/control` } });
      await controller.close();
      assert.ok(met, point);
      if (fault === 'fail') assert.match(ran.stderr, new RegExp(`operation "${point}": injected: EIO `));
      else await mustCall('tlab', 'delete', '--force', 'guest');
      while ((await shown('LoadState')) !== 'LoadState=not-found') await new Promise(setImmediate);
      assert.deepEqual(directories(), [], `${fault} at ${point}`);
    }
  });
}

test('run leaves neither a unit nor a cgroup', async () => {
  const ran = await call('tlab', 'run', '--bundle', await bundleOf(['cat', '/proc/self/cgroup']), 'guest');
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(await shown('LoadState'), 'LoadState=not-found');
  assert.deepEqual(directories(), []);
});
