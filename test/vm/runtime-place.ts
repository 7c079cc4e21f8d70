// The runtime by itself on a version 2 host: the same bundles under tlab-runc, runc and crun, in one cgroup.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { type Ran, run, start } from '../helpers/shell.ts';
import { writePlan } from './plan.ts';

export const cgroupRoot = '/sys/fs/cgroup';
export const folder = mkdtempSync('/var/tmp/tlab-vm-runtime-');
export const programs = {
  tlab: new URL('../../dist/bin/tlab-runc', import.meta.url).pathname,
  runc: 'runc',
  crun: 'crun',
};
export type Runtime = keyof typeof programs;
export const id = 'guest';
export const cgroup = `${cgroupRoot}/tlab-vm/${id}`;
export type Edit = (config: RuntimeConfig) => void;

let count = 0;

/** Without its plan, tlab-runc compiles it where it is called. */
export async function bundleOf(args: string[], edit: Edit = () => undefined, compiles = true): Promise<string> {
  const bundle = `${folder}/${count++}`;
  await makeBundle(bundle, {
    args,
    edit: (config) => {
      config.linux.cgroupsPath = `/tlab-vm/${id}`;
      edit(config);
    },
  });
  if (compiles) writePlan({ id, bundle });
  return bundle;
}

/** Emulated: where Node.js starts for a verb, half a minute goes by on a busy host. */
const slow = { timeoutMs: 600_000 };

export const call = (runtime: Runtime, ...args: string[]): Promise<Ran> =>
  run(programs[runtime], ['--root', `${folder}/${runtime}`, ...args], slow);

export async function mustCall(runtime: Runtime, ...args: string[]): Promise<string> {
  const ran = await call(runtime, ...args);
  assert.equal(ran.status, 0, `${runtime} ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** What the program prints under a runtime; the container is gone afterwards, its cgroup too. */
export async function outputOf(runtime: Runtime, bundle: string): Promise<string> {
  const output = await mustCall(runtime, 'run', '--bundle', bundle, id);
  assert.ok(!existsSync(cgroup), `${runtime} left ${cgroup}`);
  return output;
}

/** Runs `during` beside a container that sleeps. */
export async function beside<T>(runtime: Runtime, bundle: string, during: () => Promise<T> | T): Promise<T> {
  // A created container keeps its caller's streams open, so it gets none.
  await start(programs[runtime], ['--root', `${folder}/${runtime}`, 'create', '--bundle', bundle, id]).ended;
  try {
    await mustCall(runtime, 'start', id);
    return await during();
  } finally {
    await mustCall(runtime, 'delete', '--force', id);
    assert.ok(!existsSync(cgroup), `${runtime} left ${cgroup}`);
  }
}

export const setting = (file: string): string => readFileSync(`${cgroup}/${file}`, 'utf8').trim();

/** Every file of the cgroup that holds a setting. */
export const settings = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(cgroup)
      .filter((file) =>
        /\.(max|high|low|min|weight|idle|burst|cpus|mems|freeze)$|^cgroup\.(type|subtree_control)$/.test(file),
      )
      .map((file) => [file, setting(file)]),
  );

export const everything: Edit = (config) => {
  config.linux.resources = {
    devices: [{ allow: false, access: 'rwm' }],
    memory: { limit: 67108864, swap: 100663296, reservation: 33554432 },
    cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0', mems: '0' },
    pids: { limit: 42 },
    blockIO: {
      weight: 200,
      throttleReadBpsDevice: [{ major: 7, minor: 0, rate: 1048576 }],
      throttleWriteIOPSDevice: [{ major: 7, minor: 0, rate: 100 }],
    },
    hugepageLimits: [{ pageSize: '2MB', limit: 4194304 }],
    unified: { 'memory.high': '50331648', 'cgroup.max.depth': '3' },
  };
};

/** What runtimes of these days write otherwise: the weight of shares (cgroups-v2.ts says why), the reservations of huge pages. */
export const alike = ({
  'cpu.weight': _weight,
  'hugetlb.2MB.rsvd.max': _reserved,
  ...rest
}: Record<string, string>): Record<string, string> => rest;
