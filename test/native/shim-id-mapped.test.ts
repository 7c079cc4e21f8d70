// Root filesystems with mapped ids, as the shim mounts them: layers on disk keep their owners. Needs root, runc, busybox-static.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { connectShim } from '../../src/shim/client.ts';
import { binaries } from '../helpers/binaries.ts';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { removeEmptyCgroups } from '../helpers/real-containerd.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';

const folder = mkdtempSync('/var/tmp/tlab-id-mapped-');
const environment = { ...process.env, TLAB_RUN_ROOT: `${folder}/run`, TLAB_RUNTIME: '/usr/sbin/runc' };
const map = ['uidmap=0:100000:65536', 'gidmap=0:200000:65536'];
let count = 0;

before(() => {
  if (process.getuid?.() !== 0) return;
  makeBusyboxRoot(`${folder}/base`);
  mkdirSync(`${folder}/top/etc`, { recursive: true });
  writeFileSync(`${folder}/top/etc/owned`, 'top');
  execFileSync('chown', ['1000:1000', `${folder}/top/etc/owned`]);
});
after(() => {
  removeEmptyCgroups('/tlab-id-mapped');
  rmSync(folder, { recursive: true, force: true });
});

interface Mount {
  type: string;
  source: string;
  options: string[];
}

function overlay(lowers: readonly string[], more: readonly string[] = []): Mount {
  const place = `${folder}/upper${count}`;
  for (const name of ['fs', 'work']) mkdirSync(`${place}/${name}`, { recursive: true });
  const options = [`workdir=${place}/work`, `upperdir=${place}/fs`, `lowerdir=${lowers.join(':')}`];
  return { type: 'overlay', source: 'overlay', options: ['index=off', ...options, ...more] };
}

/** Runs a program on that root filesystem through a shim of its own; its output. */
async function outputOf(mount: Mount, args: string[]): Promise<string> {
  const id = `c${++count}`;
  const bundle = `${folder}/${id}`;
  mkdirSync(`${bundle}/rootfs`, { recursive: true });
  execFileSync('runc', ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'));
  Object.assign(config.process, { args, terminal: false });
  for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set] = ['CAP_DAC_OVERRIDE'];
  config.root = { path: 'rootfs' };
  config.linux.cgroupsPath = `/tlab-id-mapped/${id}`;
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  const call = ['-namespace', 'test', '-address', `${folder}/c.sock`, '-id', id];
  const shim = spawnSync(`${binaries}/containerd-shim-tlab-v2`, [...call, 'start'], { cwd: bundle, env: environment });
  const client = await connectShim(shim.stdout.toString().trim(), 'test');
  execFileSync('mkfifo', [`${bundle}/output`]);
  const output = openSync(`${bundle}/output`, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const stdio = { stdin: '', stdout: `${bundle}/output`, stderr: `${bundle}/output`, terminal: false };
    await client.task.create({ id, bundle, rootfs: [mount], ...stdio });
    await client.task.start({ id });
    await client.task.wait({ id });
    await client.task.delete({ id });
    const text = Buffer.alloc(4096);
    return text.toString('utf8', 0, readSync(output, text));
  } finally {
    await client.task.shutdown({ id }).catch(() => undefined);
    client.close();
    closeSync(output);
  }
}

const hostMounts = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder));

test('the same layers serve a mapped and an unmapped container; nothing on disk changes', root(), async () => {
  const layers = [`${folder}/top`, `${folder}/base`];
  const look = ['stat', '-c', '%u:%g', '/bin/busybox', '/etc/owned'];
  assert.equal(await outputOf(overlay(layers, map), look), '100000:200000\n101000:201000\n');
  assert.equal(await outputOf(overlay(layers), look), '0:0\n1000:1000\n');
  const other = await outputOf(overlay(layers, ['uidmap=0:300000:1000', 'gidmap=0:300000:1000']), look);
  assert.match(other, /^300000:300000\n/);
  assert.equal(statSync(`${folder}/base/bin/busybox`).uid, 0);
  assert.deepEqual(hostMounts(), [], 'no layer is left mounted');
});

test('a file that is copied up belongs to the mapped id, its layer keeps the old one', root(), async () => {
  const mount = overlay([`${folder}/top`, `${folder}/base`], map);
  assert.equal(await outputOf(mount, ['sh', '-c', 'echo more >> /etc/owned; cat /etc/owned']), 'topmore\n');
  const upper = mount.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  const { uid, gid } = statSync(`${upper}/etc/owned`);
  assert.deepEqual([uid, gid], [101000, 201000]);
  assert.equal(statSync(`${folder}/top/etc/owned`).uid, 1000);
});

test('as many layers as overlay takes, and a read-only view of one', root(), async () => {
  const layers = [];
  for (let index = 0; index < 200; index++) {
    layers.push(`${folder}/a-layer-with-a-name-so-long-that-a-page-of-options-is-not-enough-${index}`);
    mkdirSync(layers[index] ?? '');
  }
  assert.equal(
    await outputOf(overlay([...layers, `${folder}/base`], map), ['stat', '-c', '%u', '/bin/busybox']),
    '100000\n',
  );
  const view = { type: 'bind', source: `${folder}/base`, options: ['ro', 'rbind', ...map] };
  assert.equal(
    await outputOf(view, ['sh', '-c', 'stat -c %u /bin/busybox; touch /x 2>&1']),
    '100000\ntouch: /x: Read-only file system\n',
  );
});

test('a file system without mapped mounts is refused with what to do, and nothing is left', root(), async () => {
  const place = `${folder}/ramfs`;
  mkdirSync(place);
  await must('mount', ['-t', 'ramfs', 'none', place]);
  try {
    await assert.rejects(outputOf(overlay([place, `${folder}/base`], map), ['true']), (error: Error) => {
      assert.match(
        error.message,
        /mapping the ids of ".*ramfs": mount_setattr\(2\): Invalid argument: its file system must know/,
      );
      assert.match(error.message, /userns-remap|--userns=host/);
      return true;
    });
  } finally {
    await must('umount', [place]);
  }
  assert.deepEqual(hostMounts(), []);
});

test('maps that make no sense are refused', root(), async () => {
  for (const options of [['uidmap=0:1:1'], ['uidmap=x', 'gidmap=0:1:1'], ['uidmap=0:1:0', 'gidmap=0:1:1']])
    await assert.rejects(
      outputOf(overlay([`${folder}/base`], options), ['true']),
      /expected both or none|malformed|mapping ids/,
    );
});
