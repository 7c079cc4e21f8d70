// tlab-runc as the runtime of podman, through conmon: a life with exec, pause, update, statistics, a terminal, and its end.
// Needs root, podman, busybox-static. podman would raise limits that this host may not let it raise, so these are named.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { everyHierarchy } from '../contract/left-over.ts';
import { binaries } from '../helpers/binaries.ts';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { missing } from '../helpers/real-containerd.ts';
import { must, type Ran, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const options = { skip: missing('podman', 'conmon') };
const folder = mkdtempSync('/var/tmp/tlab-podman-');
const parent = `/tlab-podman-${process.pid}`;
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];
const flags = ['--network', 'none', '--cgroup-parent', parent, ...limits];

/** In a mount namespace without the version 2 hierarchy of a hybrid host, which podman does not understand. */
function podman(...args: string[]): Promise<Ran> {
  const storage = ['--root', `${folder}/root`, '--runroot', `${folder}/run`, '--tmpdir', `${folder}/tmp`];
  const how = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--runtime', `${binaries}/tlab-runc`];
  const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"';
  return run('unshare', ['--mount', 'sh', '-c', hide, 'sh', ...storage, ...how, ...args]);
}

async function ok(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await podman(...args);
  assert.equal(status, 0, `podman ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** With what is below it; false while somebody is in one of them. */
function isRemoved(path: string): boolean {
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  try {
    for (const { name } of below) rmdirSync(`${path}/${name}`);
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

before(async () => {
  if (options.skip !== false) return;
  makeBusyboxRoot(`${folder}/rootfs`);
  await must('tar', ['-C', `${folder}/rootfs`, '-cf', `${folder}/rootfs.tar`, '.']);
  await ok('import', '--quiet', `${folder}/rootfs.tar`, 'box');
});
after(async () => {
  if (options.skip !== false) return;
  await podman('rm', '--all', '--force', '--time', '0');
  // conmon, which has a cgroup there too, ends a moment after its container.
  await waitUntil(() => everyHierarchy(parent).every(isRemoved), { what: 'cgroups of podman to be empty' });
  rmSync(folder, { recursive: true, force: true });
});

test('run hands on output and exit status, and gives a terminal', options, async () => {
  const ran = await podman('run', '--rm', ...flags, 'box', 'sh', '-c', 'echo out; echo err >&2; exit 7');
  assert.deepEqual(ran, { status: 7, stdout: 'out\n', stderr: 'err\n' });
  assert.equal(await ok('run', '--rm', '--tty', ...flags, 'box', 'tty'), '/dev/pts/0');
});

test('a detached container is executed in, paused, limited, measured and removed', options, async () => {
  const id = await ok('run', '--detach', '--name', 'one', '--memory', '64m', ...flags, 'box', 'sleep', '1000');
  const cgroup = `/sys/fs/cgroup/memory${parent}/libpod-${id}`;
  assert.equal((await podman('exec', 'one', 'sh', '-c', 'exit 3')).status, 3);
  await ok('pause', 'one');
  assert.equal(await ok('inspect', '--format', '{{.State.Status}}', 'one'), 'paused');
  await ok('unpause', 'one');
  await ok('update', '--memory', '128m', 'one');
  assert.equal(await must('cat', [`${cgroup}/memory.limit_in_bytes`]), String(128 << 20));
  assert.match(await ok('stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', 'one'), /\/ 67\.11MB 1$/); // the limit of its create

  await ok('stop', '--time', '0', 'one');
  assert.equal(await ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'one'), 'exited 137');
  await ok('rm', 'one');
  assert.ok(!existsSync(cgroup));
});
