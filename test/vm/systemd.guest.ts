// The systemd cgroup driver: the same bundles under tlab-runc and runc, compared by what systemd then shows of the container's unit
// and by the files of its cgroups. Runs inside the machines of machine.ts that have systemd, as root.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Answer, control } from '../../src/engine/control.ts';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import { writePlan } from './plan.ts';

const folder = mkdtempSync('/var/tmp/tlab-vm-systemd-');
const programs = { tlab: new URL('../../dist/bin/tlab-runc', import.meta.url).pathname, runc: 'runc' };
type Runtime = keyof typeof programs;
const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers');
const path = '/lab.slice/lab-vm.slice/pre-guest.scope';
const unit = 'pre-guest.scope';
type Edit = (config: RuntimeConfig) => void;

let count = 0;

async function bundleOf(args: string[], edit: Edit = () => undefined): Promise<string> {
  const bundle = `${folder}/${count++}`;
  await makeBundle(bundle, {
    args,
    edit: (config) => {
      config.linux.cgroupsPath = 'lab-vm.slice:pre:guest';
      edit(config);
    },
  });
  writePlan({ id: 'guest', bundle, cgroupDriver: 'systemd' });
  return bundle;
}

const call = (runtime: Runtime, ...args: string[]): Promise<Ran> =>
  run(programs[runtime], ['--systemd-cgroup', '--root', `${folder}/${runtime}`, ...args]);

async function mustCall(runtime: Runtime, ...args: string[]): Promise<string> {
  const ran = await call(runtime, ...args);
  assert.equal(ran.status, 0, `${runtime} ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** Runs `during` beside a container that sleeps; its unit and cgroups are gone afterwards. */
async function beside<T>(runtime: Runtime, bundle: string, during: () => Promise<T> | T): Promise<T> {
  // A created container keeps its caller's streams open, so it gets none.
  const words = ['--systemd-cgroup', '--root', `${folder}/${runtime}`, 'create', '--bundle', bundle, 'guest'];
  await start(programs[runtime], words).ended;
  try {
    await mustCall(runtime, 'start', 'guest');
    return await during();
  } finally {
    await mustCall(runtime, 'delete', '--force', 'guest');
    assert.equal(await shown('LoadState'), 'LoadState=not-found', runtime);
    assert.deepEqual(directories(), [], runtime);
  }
}

const shown = (names: string): Promise<string> => must('systemctl', ['show', '--property', names, unit]);

/** The container's directory in each hierarchy. */
const directories = (): string[] =>
  ['', ...readdirSync('/sys/fs/cgroup').map((name) => `/${name}`)]
    .map((hierarchy) => `/sys/fs/cgroup${hierarchy}${path}`)
    .filter((directory) => existsSync(directory));

/** runc before 1.2 allows /dev/net/tun (10:200) always. */
const sortedLines = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('10:200'))
    .sort();

const wanted =
  /^(.*\.(max|high|low|min|weight|idle|burst|cpus|mems|shares|limit_in_bytes|soft_limit_in_bytes|cfs_quota_us|cfs_period_us)|devices\.list|cgroup\.subtree_control)$/;

/** Every file of the cgroups that holds a setting. */
const settings = (): Record<string, string[]> =>
  Object.fromEntries(
    directories().flatMap((directory) =>
      readdirSync(directory)
        .filter((file) => wanted.test(file) && file !== 'misc.max' && file !== 'cpu.weight')
        .map((file) => [`${directory}/${file}`, sortedLines(`${directory}/${file}`)]),
    ),
  );

const resources: Edit = (config) => {
  config.linux.resources = {
    devices: [
      { allow: false, access: 'rwm' },
      { allow: true, type: 'b', major: 7, minor: 0, access: 'rw' },
    ],
    memory: { limit: 67108864, reservation: 33554432, ...(isUnified && { swap: 100663296 }) },
    cpu: { shares: 512, quota: 33333, period: 100000, cpus: '0', mems: '0' },
    pids: { limit: 42 },
    ...(isUnified && { unified: { 'memory.high': '50331648' } }),
  };
  config.annotations = {
    'org.systemd.property.TimeoutStopUSec': 'uint64 5000000',
    'org.systemd.property.CollectMode': "'inactive-or-failed'",
  };
};

const properties = [
  'Slice ControlGroup Delegate DefaultDependencies Transient CollectMode TimeoutStopUSec',
  'CPUAccounting MemoryAccounting TasksAccounting CPUShares CPUQuotaPerSecUSec CPUQuotaPeriodUSec',
  'AllowedCPUs AllowedMemoryNodes MemoryLow MemoryHigh MemoryMax MemoryLimit MemorySwapMax TasksMax DevicePolicy',
]
  .join(' ')
  .replaceAll(' ', ',');

/** Not compared: runc of these days makes another weight of shares (cgroups-v2.ts says why). */
async function expectWeight(weight: number): Promise<void> {
  if (!isUnified) return;
  assert.equal(await shown('CPUWeight'), `CPUWeight=${weight}`);
  assert.deepEqual(sortedLines(`${directories()[0]}/cpu.weight`), [`${weight}`]);
}

/** What systemd knows, what the kernel holds, and where the process is. */
async function everything(runtime: Runtime) {
  const { pid } = JSON.parse(await mustCall(runtime, 'state', 'guest'));
  const devices = (await shown('DeviceAllow')).split('\n').filter((line) => !line.includes('10:200'));
  return {
    properties: (await shown(properties)).split('\n').sort(),
    devices: devices.sort(),
    // runc leaves its process out of two hierarchies of version 1.
    cgroups: sortedLines(`/proc/${pid}/cgroup`).filter((line) => !/:(misc|devices):/.test(line)),
    settings: settings(),
  };
}

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
