// The shim's command line: what containerd asks of it before there is a shim, and what it refuses. Needs root, runc, busybox-static.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { connectShim } from '../../src/shim/client.ts';
import { ourShim, ShimPlace } from '../helpers/bare-shim.ts';
import { hasEnded, missing } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';

const run = (...args: string[]) => spawnSync(ourShim, args, { encoding: 'utf8', cwd: '/' });

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket)).on('error', reject);
  });

/** Processor time so far, in hundredths of a second. @source man proc_pid_stat(5) */
const ticksOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
};

describe("the shim's command line", { skip: missing('/usr/sbin/runc') }, () => {
  const place = new ShimPlace();
  const sockets = `${place.root}/run/s`;
  after(() => place.dispose());

  test('tells its version', () => {
    const { status, stdout } = run('-v');
    assert.equal(status, 0);
    assert.match(stdout, /Version: +\d+\.\d+\.\d+/);
  });

  test('-info is a RuntimeInfo with its name and its version, before there is a container', () => {
    const { status, stdout } = spawnSync(ourShim, ['-info'], { cwd: '/', input: '' });
    assert.equal(status, 0);
    const name = 'io.containerd.tlab.v2';
    // Field 1, name; field 2, a message whose field 1 is the version. @source containerd api/types/introspection.proto
    assert.equal(stdout.toString(), `\n${String.fromCharCode(name.length)}${name}\x12\x07\n\x050.1.0`);
  });

  test('refuses flags, actions and names that it does not know, each by its name', () => {
    const refuses = (pattern: RegExp, ...args: string[]): void => {
      const { status, stderr } = run(...args);
      assert.deepEqual([status, pattern.test(stderr)], [1, true], stderr);
    };
    refuses(/unknown flag/, '-inform');
    refuses(/unknown flag/, '-namespace');
    refuses(/-namespace: expected an identifier/, '-id', 'a', 'start');
    refuses(/-id: expected an identifier/, '-namespace', 'n', '-id', '../a', 'start');
    refuses(/-bundle: no such folder/, '-namespace', 'n', '-id', 'a', '-bundle', `${place.root}/nowhere`, 'start');
    refuses(/unknown action "dance"/, '-namespace', 'n', '-id', 'a', 'dance');
  });

  test('without descriptors for another client it waits at rest, and takes it when one is free', async () => {
    const bundle = place.bundle('crowd', ['/bin/true']);
    const address = place.action(bundle, 'crowd', 'start').stdout.toString().trim();
    const client = await connectShim(address, 'test');
    const { shimPid } = await client.task.connect({ id: 'crowd' });
    const open = readdirSync(`/proc/${shimPid}/fd`).length;
    spawnSync('prlimit', ['--pid', String(shimPid), `--nofile=${open + 3}:${open + 3}`]);
    const crowd = await Promise.all(Array.from({ length: 8 }, () => connected(address.slice('unix://'.length))));
    await waitUntil(() => readdirSync(`/proc/${shimPid}/fd`).length >= open + 3, {
      what: 'the descriptors to be used up',
    });
    const before = ticksOf(shimPid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok(ticksOf(shimPid) - before <= 3, 'it does not spin');
    for (const socket of crowd) socket.destroy();
    const late = await connectShim(address, 'test');
    assert.equal((await late.task.connect({ id: 'crowd' })).shimPid, shimPid);
    late.close();
    await client.task.shutdown({ id: 'crowd' });
    client.close();
  });

  test('takes a socket that nobody listens on any more, and joins a live one', async () => {
    const bundle = place.bundle('again', ['/bin/true']);
    const first = place.action(bundle, 'again', 'start');
    const address = first.stdout.toString().trim();
    const path = address.slice('unix://'.length);
    const joined = place.action(bundle, 'again', 'start');
    assert.equal(joined.stdout.toString().trim(), address);
    const client = await connectShim(address, 'test');
    const { shimPid } = await client.task.connect({ id: 'again' });
    client.close();
    process.kill(shimPid, 'SIGKILL');
    await waitUntil(() => hasEnded(shimPid), { what: 'the shim to end' });
    assert.ok(existsSync(path), 'a killed shim leaves its socket');
    assert.equal(place.action(bundle, 'again', 'start').stdout.toString().trim(), address);
    const next = await connectShim(address, 'test');
    assert.notEqual((await next.task.connect({ id: 'again' })).shimPid, shimPid);
    await next.task.shutdown({ id: 'again' });
    next.close();
    await waitUntil(() => !existsSync(path), { what: 'the socket to go' });
  });

  test('starts, in a group of its own, for a config.json that is not JSON, names no group or an empty one', async () => {
    const group = '"io.containerd.runc.v2.group"';
    const texts = [
      '',
      '{',
      '{"annotations":',
      `{"annotations":{${group}:""}}`,
      `{"annotations":{${group}:7}}`,
      `{"annotations":{"x":"\\"${'}'.repeat(9)}","y":{${group}:"deep"}}}`,
      `{"x":{"annotations":{${group}:"elsewhere"}},"annotations":[]}`,
      `{"annotations":{${group}:"${'g'.repeat(2000)}"}}`,
    ];
    const addresses = new Set<string>();
    for (const [n, text] of texts.entries()) {
      const bundle = place.bundle(`odd${n}`, ['/bin/true']);
      writeFileSync(`${bundle}/config.json`, text);
      const { stdout, status } = place.action(bundle, `odd${n}`, 'start');
      assert.equal(status, 0, text);
      addresses.add(stdout.toString());
      const pid = Number(readFileSync(`${bundle}/shim.pid`, 'utf8'));
      assert.equal(place.action(bundle, `odd${n}`, 'delete').status, 0);
      assert.ok(hasEnded(pid), text);
    }
    assert.equal(addresses.size, texts.length);
    assert.deepEqual(readdirSync(sockets), []);
  });

  test('the delete action ends a shim whose program has been replaced since, and no other process', async () => {
    const old = `${place.root}/containerd-shim-tlab-v2`;
    copyFileSync(ourShim, old);
    const upgraded = new ShimPlace(old);
    try {
      const bundle = upgraded.bundle('older', ['/bin/true']);
      assert.equal(upgraded.action(bundle, 'older', 'start').status, 0);
      const pid = Number(readFileSync(`${bundle}/shim.pid`, 'utf8'));
      copyFileSync(ourShim, `${old}.new`);
      renameSync(`${old}.new`, old);
      writeFileSync(`${bundle}/shim.pid`, String(process.pid));
      assert.equal(upgraded.action(bundle, 'older', 'delete').status, 0);
      assert.ok(!hasEnded(pid), 'this process was named, and is no shim');
      writeFileSync(`${bundle}/shim.pid`, String(pid));
      assert.equal(upgraded.action(bundle, 'older', 'delete').status, 0);
      assert.ok(hasEnded(pid));
    } finally {
      upgraded.dispose();
    }
  });

  test('the delete action of a group gives up on a shim that never answers', async () => {
    const bundle = place.bundle('deaf', ['/bin/true'], {
      edit: (config) => {
        config.annotations = { 'io.containerd.runc.v2.group': 'deaf' };
      },
    });
    const path = place.action(bundle, 'deaf', 'start').stdout.toString().trim().slice('unix://'.length);
    const pid = Number(readFileSync(`${bundle}/shim.pid`, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await waitUntil(() => hasEnded(pid), { what: 'the shim to end' });
    rmSync(path);
    const deaf = createServer((socket) => socket.destroy()).listen(path);
    try {
      await waitUntil(() => existsSync(path), { what: 'the deaf one to listen' });
      const { status, stdout } = place.action(bundle, 'deaf', 'delete');
      assert.equal(status, 0);
      assert.equal(stdout[0], 0x10, 'a DeleteResponse without a pid');
      assert.ok(existsSync(path), 'it is not ours to remove');
    } finally {
      deaf.close();
    }
  });
});
