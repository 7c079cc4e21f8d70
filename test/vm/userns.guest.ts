// User namespaces on Debian's own kernel and a version 2 host: rootless tlab-runc with and without a delegated cgroup, userns-remap on a
// file system that can map ids and on one that cannot. Runs inside the machine of run.ts, as root.
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { OrdinaryUser, subordinateIds } from '../helpers/ordinary-user.ts';
import { must, type Ran, run } from '../helpers/shell.ts';

const cgroupRoot = '/sys/fs/cgroup';
const runtime = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
const program = new URL('../../bin/tlab', import.meta.url).pathname;
/** Emulated: everything takes some twenty times longer. */
const slow = { timeoutMs: 600_000 };
let user: OrdinaryUser;

before(async () => {
  user = await OrdinaryUser.make({ onlyRange: true });
});
after(() => user.remove());

type Edit = (config: { linux: Record<string, unknown> }) => void;

let count = 0;

async function bundleOf(script: string, edit: Edit = () => undefined): Promise<{ id: string; bundle: string }> {
  const id = `c${count++}`;
  const bundle = `${user.folder}/${id}`;
  makeBusyboxRoot(`${bundle}/rootfs`);
  for (const path of [bundle, `${bundle}/rootfs`]) chownSync(path, user.uid, user.uid);
  await user.must(runtime, ['spec', '--rootless', '--bundle', bundle], slow);
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'));
  config.process.terminal = false;
  config.process.args = ['sh', '-c', script];
  edit(config);
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  return { id, bundle };
}

const runAs = (name: string, { id, bundle }: { id: string; bundle: string }): Promise<Ran> =>
  user.run(name, ['run', '--bundle', bundle, id], slow);

test('an ordinary user runs a container as with runc: same ids, same mounts', async () => {
  const mounts = "cut -d' ' -f4-6 /proc/self/mountinfo | grep -v -e /proc/ -e /sys/firmware";
  const bundle = await bundleOf(`id -u; cat /proc/self/uid_map /proc/self/setgroups; ${mounts}`);
  const [ours, theirs] = [await runAs(runtime, bundle), await runAs('runc', bundle)];
  assert.equal(ours.status, 0, ours.stderr);
  assert.equal(ours.stdout, theirs.stdout);
  assert.match(ours.stdout, new RegExp(`^0\n +0 +${user.uid} +1\ndeny\n`));
});

test('a limit is refused by name where no cgroup is delegated, and holds where one is', async () => {
  const limited = await bundleOf('cat /proc/self/cgroup', ({ linux }) => {
    linux.resources = { pids: { limit: 20 } };
  });
  assert.match((await runAs(runtime, limited)).stderr, /\/linux\/resources\/pids: uid \d+ may make no cgroup for it/);
  const mine = `${cgroupRoot}/tlab-mine`;
  mkdirSync(`${mine}/shell`, { recursive: true });
  writeFileSync(`${mine}/cgroup.subtree_control`, '+pids');
  for (const name of ['', '/cgroup.procs', '/cgroup.subtree_control', '/shell', '/shell/cgroup.procs'])
    chownSync(`${mine}${name}`, user.uid, user.uid);
  const script = `echo $$ > ${mine}/shell/cgroup.procs; exec "$@"`;
  const ids = ['setpriv', '--reuid', `${user.uid}`, '--regid', `${user.uid}`, '--clear-groups'];
  const env = ['env', `XDG_RUNTIME_DIR=${user.runtimeDirectory}`];
  const call = [runtime, 'run', '--bundle', limited.bundle, limited.id];
  const ran = await run('sh', ['-c', script, 'sh', ...ids, ...env, ...call], slow);
  assert.equal(ran.stdout, `0::/tlab-mine/tlab/${limited.id}\n`, ran.stderr);
  assert.ok(!existsSync(`${mine}/tlab/${limited.id}`));
  for (const name of ['tlab', 'shell', '']) await run('rmdir', [`${mine}/${name}`]);
});

test('remapped layers on ext4: root inside, nobody outside; a tmpfs cannot map ids before Linux 6.3, and is refused', async () => {
  const data = '/var/tmp/data';
  const place = '/run/tlab-userns';
  await must('truncate', ['--size', '256M', '/var/tmp/disk']);
  await must('mkfs.ext4', ['-q', '/var/tmp/disk'], slow);
  for (const path of [data, place]) mkdirSync(path, { mode: 0o711 });
  await must('mount', ['-o', 'loop', '/var/tmp/disk', data], slow);
  writeFileSync(`${place}/daemon.json`, JSON.stringify({ 'userns-remap': user.name }));
  await must('cp', ['-a', '/var/lib/tlab/library', data]);
  const env = {
    TLAB_RUN_ROOT: `${place}/run`,
    TLAB_DATA_ROOT: data,
    TLAB_CONFIG: `${place}/daemon.json`,
    NO_COLOR: '1',
  };
  const tlab = (...args: string[]): Promise<Ran> => run(program, args, { ...slow, env });
  try {
    const started = await tlab('system', 'start');
    assert.equal(started.status, 0, started.stderr);
    const look =
      'id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox; cat /proc/self/cgroup; ' +
      'ping -c1 -W9 127.0.0.1 >/dev/null && echo pings; mkdir /sys/fs/cgroup/x 2>&1';
    const ran = await tlab('run', '--rm', 'busybox', 'sh', '-c', look);
    assert.equal(
      ran.stdout.replaceAll(/ +/g, ' '),
      `0\n 0 ${subordinateIds} 65536\n0\n0::/\npings\nmkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system\n`,
      ran.stderr,
    );
    const [layer] = readdirSync(`${data}/containerd/snapshots`);
    await must('mount', ['-t', 'tmpfs', 'memory', `${data}/containerd/snapshots/${layer}/fs`]);
    const refused = await tlab('run', '--rm', 'busybox', 'true');
    await must('umount', [`${data}/containerd/snapshots/${layer}/fs`]);
    assert.equal(refused.status, 125);
    assert.match(
      refused.stderr,
      /mapping the ids of ".*": mount_setattr\(2\): Invalid argument: its file system must know id-mapped mounts .*tmpfs from Linux 6\.3/,
    );
    assert.deepEqual(readdirSync(`${place}/run/netns`), []);
  } finally {
    await tlab('system', 'reset', '--yes');
    await must('umount', [data]);
    rmSync(place, { recursive: true, force: true });
  }
});
