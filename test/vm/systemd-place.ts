// The systemd cgroup driver under tlab-runc and under runc: the same bundles, and what systemd then shows of the container's unit.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import { writePlan } from './plan.ts';

export const folder = mkdtempSync('/var/tmp/tlab-vm-systemd-');
export const programs = { tlab: new URL('../../dist/bin/tlab-runc', import.meta.url).pathname, runc: 'runc' };
export type Runtime = keyof typeof programs;
export const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers');
export const path = '/lab.slice/lab-vm.slice/pre-guest.scope';
export const unit = 'pre-guest.scope';
type Edit = (config: RuntimeConfig) => void;

let count = 0;

export async function bundleOf(args: string[], edit: Edit = () => undefined): Promise<string> {
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

export const call = (runtime: Runtime, ...args: string[]): Promise<Ran> =>
  run(programs[runtime], ['--systemd-cgroup', '--root', `${folder}/${runtime}`, ...args]);

export async function mustCall(runtime: Runtime, ...args: string[]): Promise<string> {
  const ran = await call(runtime, ...args);
  assert.equal(ran.status, 0, `${runtime} ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** Runs `during` beside a container that sleeps; its unit and cgroups are gone afterwards. */
export async function beside<T>(runtime: Runtime, bundle: string, during: () => Promise<T> | T): Promise<T> {
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

export const shown = (names: string): Promise<string> => must('systemctl', ['show', '--property', names, unit]);

/** The container's directory in each hierarchy. */
export const directories = (): string[] =>
  ['', ...readdirSync('/sys/fs/cgroup').map((name) => `/${name}`)]
    .map((hierarchy) => `/sys/fs/cgroup${hierarchy}${path}`)
    .filter((directory) => existsSync(directory));

/** runc before 1.2 allows /dev/net/tun (10:200) always. */
export const sortedLines = (file: string): string[] =>
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

export const resources: Edit = (config) => {
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
export async function expectWeight(weight: number): Promise<void> {
  if (!isUnified) return;
  assert.equal(await shown('CPUWeight'), `CPUWeight=${weight}`);
  assert.deepEqual(sortedLines(`${directories()[0]}/cpu.weight`), [`${weight}`]);
}

/** What systemd knows, what the kernel holds, and where the process is. */
export async function everything(runtime: Runtime) {
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
