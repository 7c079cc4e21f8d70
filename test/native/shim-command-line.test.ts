// The shim's command line: what containerd asks of it before there is a shim, and what it refuses. Needs root, runc, busybox-static.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { connectShim } from '../../src/shim/client.ts';
import { ourShim, ShimPlace } from '../helpers/bare-shim.ts';
import { hasEnded, missing } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';

const run = (...args: string[]) => spawnSync(ourShim, args, { encoding: 'utf8', cwd: '/' });

describe("the shim's command line", { skip: missing('/usr/sbin/runc') }, () => {
  const place = new ShimPlace();
  const sockets = `${place.root}/run/s`;
  after(() => place.dispose());

  test('tells its version', () => {
    const { status, stdout } = run('-v');
    assert.equal(status, 0);
    assert.match(stdout, /Version: +\d+\.\d+\.\d+/);
  });

  test('refuses flags, actions and names that it does not know, each by its name', () => {
    const refuses = (pattern: RegExp, ...args: string[]): void => {
      const { status, stderr } = run(...args);
      assert.deepEqual([status, pattern.test(stderr)], [1, true], stderr);
    };
    refuses(/unknown flag/, '-info');
    refuses(/unknown flag/, '-namespace');
    refuses(/-namespace: expected an identifier/, '-id', 'a', 'start');
    refuses(/-id: expected an identifier/, '-namespace', 'n', '-id', '../a', 'start');
    refuses(/-bundle: no such folder/, '-namespace', 'n', '-id', 'a', '-bundle', `${place.root}/nowhere`, 'start');
    refuses(/unknown action "dance"/, '-namespace', 'n', '-id', 'a', 'dance');
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
