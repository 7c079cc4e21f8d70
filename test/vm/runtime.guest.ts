// The runtime by itself on a version 2 host: the same bundles under tlab-runc, runc and crun, compared by what the kernel then
// shows. Runs inside the machine of run.ts, as root.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { must } from '../helpers/shell.ts';
import {
  alike,
  beside,
  bundleOf,
  cgroup,
  cgroupRoot,
  type Edit,
  everything,
  id,
  mustCall,
  outputOf,
  setting,
  settings,
} from './runtime-place.ts';

before(() => {
  assert.deepEqual(readFileSync('/proc/self/cgroup', 'utf8').split('\n').length, 2, 'only version 2 is mounted');
});
after(() => must('rmdir', [`${cgroupRoot}/tlab-vm`]));

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
