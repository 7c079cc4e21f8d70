// The runtime by itself on a version 2 host: the same bundles under tlab-runc, runc and crun, compared by what the kernel then
// shows. Runs inside the machine of run.ts, as root.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import { writePlan } from './plan.ts';

const cgroupRoot = '/sys/fs/cgroup';
const folder = mkdtempSync('/var/tmp/tlab-vm-runtime-');
const programs = { tlab: new URL('../../dist/bin/tlab-runc', import.meta.url).pathname, runc: 'runc', crun: 'crun' };
type Runtime = keyof typeof programs;
const id = 'guest';
const cgroup = `${cgroupRoot}/tlab-vm/${id}`;
type Edit = (config: RuntimeConfig) => void;

before(() => {
  assert.deepEqual(readFileSync('/proc/self/cgroup', 'utf8').split('\n').length, 2, 'only version 2 is mounted');
});
after(() => must('rmdir', [`${cgroupRoot}/tlab-vm`]));

let count = 0;

/** Without its plan, tlab-runc compiles it where it is called. */
async function bundleOf(args: string[], edit: Edit = () => undefined, compiles = true): Promise<string> {
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

const call = (runtime: Runtime, ...args: string[]): Promise<Ran> =>
  run(programs[runtime], ['--root', `${folder}/${runtime}`, ...args], slow);

async function mustCall(runtime: Runtime, ...args: string[]): Promise<string> {
  const ran = await call(runtime, ...args);
  assert.equal(ran.status, 0, `${runtime} ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** What the program prints under a runtime; the container is gone afterwards, its cgroup too. */
async function outputOf(runtime: Runtime, bundle: string): Promise<string> {
  const output = await mustCall(runtime, 'run', '--bundle', bundle, id);
  assert.ok(!existsSync(cgroup), `${runtime} left ${cgroup}`);
  return output;
}

/** Runs `during` beside a container that sleeps. */
async function beside<T>(runtime: Runtime, bundle: string, during: () => Promise<T> | T): Promise<T> {
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

const setting = (file: string): string => readFileSync(`${cgroup}/${file}`, 'utf8').trim();

/** Every file of the cgroup that holds a setting. */
const settings = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(cgroup)
      .filter((file) =>
        /\.(max|high|low|min|weight|idle|burst|cpus|mems|freeze)$|^cgroup\.(type|subtree_control)$/.test(file),
      )
      .map((file) => [file, setting(file)]),
  );

const everything: Edit = (config) => {
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
const alike = ({
  'cpu.weight': _weight,
  'hugetlb.2MB.rsvd.max': _reserved,
  ...rest
}: Record<string, string>): Record<string, string> => rest;

for (const theirs of ['runc', 'crun'] as const) {
  test(`every file of the cgroup holds what ${theirs} writes there`, async () => {
    const bundle = await bundleOf(['sleep', '1000'], everything);
    const ours = await beside('tlab', bundle, settings);
    assert.deepEqual(alike(ours), alike(await beside(theirs, bundle, settings)));
    assert.deepEqual([ours['cpu.weight'], ours['hugetlb.2MB.rsvd.max']], ['59', '4194304']);
    assert.deepEqual(
      ['memory.max', 'memory.swap.max', 'cpu.max', 'io.max', 'hugetlb.2MB.max', 'memory.high'].map(
        (file) => ours[file],
      ),
      ['67108864', '33554432', '50000 100000', '7:0 rbps=1048576 wbps=max riops=max wiops=100', '4194304', '50331648'],
    );
  });
}

test('the device program allows and refuses what that of runc does', async () => {
  const script = `for node in 'c 1 3' 'c 1 5' 'c 1 8' 'c 5 0' 'c 1 11' 'c 10 237' 'b 7 0' 'b 7 1'; do
      rm -f /tmp/node; mknod /tmp/node $node && echo "$node $(head -c 1 /tmp/node 2>&1 | wc -c) $(: 2>&1 >>/tmp/node)"; done`;
  const bundle = await bundleOf(['sh', '-c', script], (config) => {
    config.root.readonly = false;
    config.linux.resources = {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'b', major: 7, minor: 0, access: 'r' },
        { allow: true, type: 'b', major: 7, minor: 1, access: 'rw' },
      ],
    };
    const { capabilities } = config.process as unknown as { capabilities: Record<string, string[]> };
    for (const set of ['bounding', 'permitted', 'effective']) capabilities[set]?.push('CAP_MKNOD');
  });
  const ours = await outputOf('tlab', bundle);
  assert.equal(ours, await outputOf('runc', bundle));
  assert.match(ours, /c 1 11.*not permitted/);
});

const withoutNamespace: Edit = (config) => {
  config.linux.namespaces = (config.linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'cgroup');
};
const inUserNamespace: Edit = (config) => {
  withoutNamespace(config);
  (config.linux.namespaces as { type: string }[]).push({ type: 'user' });
  const map = [{ containerID: 0, hostID: 0, size: 65536 }];
  Object.assign(config.linux, { uidMappings: map, gidMappings: map });
};

const views: [title: string, edit: Edit][] = [
  ['a cgroup namespace', () => undefined],
  ["the host's cgroup namespace", withoutNamespace],
  ["a user namespace beside the host's cgroup namespace", inUserNamespace],
];

for (const [title, edit] of views) {
  test(`the view of the cgroup is that of runc: ${title}`, async () => {
    const script = `cat /proc/self/cgroup; sed -n 's/.* \\(\\/.* \\/sys\\/fs\\/cgroup.*\\)/\\1/p' /proc/self/mountinfo; ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/x 2>&1`;
    const bundle = await bundleOf(['sh', '-c', `${script}; true`], edit);
    const ours = await outputOf('tlab', bundle);
    // runc lets the host's own mount lose these options: see below.
    const withoutOptions = (text: string): string => text.replace(/,(nsdelegate|memory_recursiveprot)/g, '');
    assert.equal(withoutOptions(ours), withoutOptions(await outputOf('runc', bundle)));
  });
}

test("a mount from the host's cgroup namespace leaves the options of the host's own as they were", async () => {
  const options = (): string | undefined =>
    / cgroup2 \S+ (\S+)$/m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
  await must('mount', ['-o', 'remount,nsdelegate', cgroupRoot]);
  await outputOf('tlab', await bundleOf(['true'], withoutNamespace));
  assert.equal(options(), 'rw,nsdelegate');
});

test('pause freezes every process of the cgroup, resume lets them go on', async () => {
  const bundle = await bundleOf(['sh', '-c', 'sleep 1000 & sleep 1000']);
  await beside('tlab', bundle, async () => {
    await mustCall('tlab', 'pause', id);
    assert.match(setting('cgroup.events'), /frozen 1/);
    assert.equal(JSON.parse(await mustCall('tlab', 'state', id)).status, 'paused');
    await mustCall('tlab', 'resume', id);
    assert.match(setting('cgroup.events'), /frozen 0/);
  });
});

test('kill --all ends the processes of cgroups below, and delete removes these', async () => {
  const script = 'mkdir /sys/fs/cgroup/below && sh -c "echo 0 >/sys/fs/cgroup/below/cgroup.procs; exec sleep 1000"';
  const bundle = await bundleOf(['sh', '-c', script], (config) => {
    const mount = (config.mounts as { destination: string; options: string[] }[]).find(
      ({ destination }) => destination === cgroupRoot,
    );
    if (mount !== undefined) mount.options = mount.options.filter((option) => option !== 'ro');
  });
  await beside('tlab', bundle, async () => {
    const below = (): string => (existsSync(`${cgroup}/below`) ? setting('below/cgroup.procs') : '');
    while (below() === '') await new Promise(setImmediate);
    const [pid] = below().split('\n');
    await mustCall('tlab', 'kill', '--all', id, 'KILL');
    while (existsSync(`/proc/${pid}/root/.`)) await new Promise(setImmediate);
  });
});

test('update writes the files that runc writes', async () => {
  const bundle = await bundleOf(['sleep', '1000'], everything);
  const flags = ['--memory', '134217728', '--memory-swap', '167772160', '--cpu-quota', '20000', '--cpu-share', '2048'];
  const updated = (runtime: Runtime) =>
    beside(runtime, bundle, async () => {
      await mustCall(runtime, 'update', ...flags, '--pids-limit', '7', id);
      return settings();
    });
  const ours = await updated('tlab');
  assert.equal(ours['cpu.weight'], '174');
  assert.deepEqual(alike(ours), alike(await updated('runc')));
});

const updateWith = (resources: unknown): Promise<Ran> => {
  const file = `${folder}/resources.json`;
  writeFileSync(file, JSON.stringify(resources));
  return call('tlab', 'update', '--resources', file, id);
};

test('an update of device rules puts another program on the cgroup, and one of other limits leaves it', async () => {
  const bundle = await bundleOf(['sleep', '1000'], (config) => {
    const { capabilities } = config.process as unknown as { capabilities: Record<string, string[]> };
    for (const set of ['bounding', 'permitted', 'effective']) capabilities[set]?.push('CAP_MKNOD');
  });
  await beside('tlab', bundle, async () => {
    const opens = async (node: string): Promise<boolean> => {
      const script = `rm -f /dev/node; mknod /dev/node ${node} && : </dev/node`;
      return (await call('tlab', 'exec', id, 'sh', '-c', script)).status === 0;
    };
    const seen = async () => [await opens('c 10 237'), await opens('c 1 3')];
    assert.deepEqual(await seen(), [false, true]);
    assert.equal(
      (await updateWith({ devices: [{ allow: true, type: 'c', major: 10, minor: 237, access: 'rw' }] })).status,
      0,
    );
    assert.deepEqual(await seen(), [true, true]);
    assert.equal((await updateWith({ pids: { limit: 50 } })).status, 0);
    assert.deepEqual(await seen(), [true, true]);
    assert.equal((await updateWith({ devices: [] })).status, 0);
    assert.deepEqual(await seen(), [false, true]);
  });
});

test('with checkBeforeUpdate a limit below the use is refused, and nobody is killed', async () => {
  const bundle = await bundleOf(['sh', '-c', 'head -c 20000000 /dev/zero >/dev/shm/file; exec sleep 1000']);
  await beside('tlab', bundle, async () => {
    while (Number(setting('memory.current')) < 20_000_000) await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = await updateWith({ memory: { limit: 8_000_000, checkBeforeUpdate: true } });
    assert.match(refused.stderr, /memory\/limit: 8000000: expected at least what is used/);
    assert.deepEqual([refused.status, setting('memory.max')], [1, 'max']);
    assert.match(setting('memory.events'), /oom_kill 0/);
  });
});

test('in a threaded cgroup a container runs, is signalled and removed; limits of a whole domain are refused', async () => {
  const threaded = `${cgroupRoot}/tlab-vm-threads/threaded`;
  mkdirSync(threaded, { recursive: true });
  try {
    writeFileSync(`${threaded}/cgroup.type`, 'threaded');
    const inThreads = (resources: unknown) =>
      bundleOf(
        ['sleep', '1000'],
        (config) => Object.assign(config.linux, { cgroupsPath: `/tlab-vm-threads/threaded/${id}`, resources }),
        false,
      );
    const bundle = await inThreads({ cpu: { shares: 1024 }, pids: { limit: 9 } });
    await start(programs.tlab, ['--root', `${folder}/tlab`, 'create', '--bundle', bundle, id]).ended;
    await mustCall('tlab', 'start', id);
    const { pid } = JSON.parse(await mustCall('tlab', 'state', id));
    assert.equal(readFileSync(`${threaded}/${id}/cgroup.type`, 'utf8').trim(), 'threaded');
    assert.equal(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), `0::/tlab-vm-threads/threaded/${id}\n`);
    assert.equal(readFileSync(`${threaded}/${id}/pids.max`, 'utf8'), '9\n');
    assert.deepEqual(JSON.parse(await mustCall('tlab', 'ps', '--format', 'json', id)), [pid]);
    const second = await call('tlab', 'create', '--bundle', bundle, 'second');
    assert.match(second.stderr, /not empty: 1 process/);
    await mustCall('tlab', 'delete', '--force', id);
    assert.ok(!existsSync(`${threaded}/${id}`));
    const refused = await call('tlab', 'create', '--bundle', await inThreads({ memory: { limit: 67108864 } }), id);
    assert.match(refused.stderr, /resources\/memory: the cgroup ".*" is threaded/);
  } finally {
    await call('tlab', 'delete', '--force', id);
    await must('rmdir', [threaded, `${cgroupRoot}/tlab-vm-threads`]);
  }
});

test('stats agree with the files of the cgroup', async () => {
  const bundle = await bundleOf(['sleep', '1000'], everything);
  const { data } = await beside('tlab', bundle, async () =>
    JSON.parse(await mustCall('tlab', 'events', '--stats', id)),
  );
  assert.deepEqual(
    [data.memory.usage.limit, data.memory.swap.limit, data.pids, data.cpu.usage.total > 0],
    [67108864, 33554432, { current: 1, limit: 42 }, true],
  );
});

test('where the root of the hierarchy holds processes, as inside of a container, a container without limits runs', async () => {
  const bundle = await bundleOf(['cat', '/proc/self/cgroup'], undefined, false);
  const outer = `${cgroupRoot}/tlab-vm-outer`;
  const enter = `mkdir ${outer} && echo 0 >${outer}/cgroup.procs && exec unshare --cgroup --mount sh -c`;
  const inside = `mount --bind ${outer} ${cgroupRoot} && ${programs.tlab} --root ${folder}/inner run --bundle ${bundle} ${id}`;
  const ran = await run('sh', ['-c', `${enter} '${inside}'`]);
  await run('rmdir', [`${outer}/tlab-vm`, outer]);
  assert.deepEqual([ran.stdout, ran.status], ['0::/\n', 0], ran.stderr);
  assert.ok(!existsSync(outer));
});
