// The shim under a real containerd, driven by ctr, with runc and with crun as the runtime below it.
// Needs root, containerd, ctr, runc (crun), busybox-static. Starts its own containerd; leaves nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { Containerd, hasEnded, missing } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';

const mountsBelow = (path: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(path));

/** A sanitizer's own memory says nothing about the shim's. */
const mostMemoryKb = process.env.TLAB_SANITIZE ? Number.POSITIVE_INFINITY : 1536;
const memoryKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

function behavesAsShim(name: string, runtime: string, hideUnified: boolean): void {
  const skip = missing(runtime);
  describe(`the shim over ${name}`, { skip }, () => {
    let containerd: Containerd;
    before(async () => {
      containerd = new Containerd({ runtime, hideUnified });
      await containerd.start();
    });
    after(() => containerd.dispose());

    test('passes output through and leaves nothing behind', () => {
      const { stdout, stderr, status } = containerd.run('plain', '/bin/sh', '-c', 'echo out; echo err >&2');
      assert.deepEqual({ stdout, stderr, status }, { stdout: 'out\n', stderr: 'err\n', status: 0 });
      assert.equal(existsSync(containerd.bundle('plain')), false);
      assert.deepEqual(readdirSync(`${containerd.root}/run/s`), []);
    });

    test('reports the exit status', () => {
      assert.equal(containerd.run('seven', '/bin/sh', '-c', 'exit 7').status, 7);
    });

    // The program waits until all was seen: ctr closes its end of the FIFO as soon as the task is deleted, and drops what it has not read yet,
    // with containerd's own shim too.
    test('passes a large output through unchanged', async () => {
      const large = 'dd if=/dev/zero bs=64k count=8 2>/dev/null; cat';
      const child = containerd.spawn(...containerd.runArgs(['--rm'], 'large', '/bin/sh', '-c', large));
      let length = 0;
      child.stdout?.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      await waitUntil(() => length === 8 * 65536, { what: 'the whole output' });
      child.stdin?.end();
      const [status] = await once(child, 'close');
      assert.deepEqual({ status, length }, { status: 0, length: 8 * 65536 });
    });

    test('says what the runtime said when the program does not exist', () => {
      const { stderr, status } = containerd.run('absent', '/bin/absent');
      assert.equal(status, 1);
      assert.match(stderr, /OCI runtime create failed: .*\/bin\/absent.*(no such file|not found)/i);
      assert.deepEqual(readdirSync(`${containerd.root}/run/s`), []);
    });

    test('ends the standard input when the client does', async () => {
      const child = containerd.spawn(...containerd.runArgs(['--rm'], 'input', '/bin/cat'));
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      // ctr wires up CloseIO only after the task exists: its own race, so the end comes later.
      await waitUntil(() => containerd.task('input')?.status === 'RUNNING', { what: 'the task to run' });
      child.stdin?.end('typed\n');
      const [status] = await once(child, 'close');
      assert.deepEqual({ status, output }, { status: 0, output: 'typed\n' });
    });

    test('runs several processes in one container, and kills it', async () => {
      assert.equal(containerd.ctr(...containerd.runArgs(['-d'], 'long', '/bin/sleep', '1000')).status, 0);
      const exec = (id: string, ...argv: string[]) => containerd.ctr('t', 'exec', '--exec-id', id, 'long', ...argv);
      assert.deepEqual(exec('a', '/bin/sh', '-c', 'echo in; exit 5'), {
        ...{ status: 5, stdout: 'in\n' },
        stderr: '',
      });
      assert.match(exec('b', '/bin/absent').stderr, /OCI runtime exec failed/);
      assert.equal(exec('c', '/bin/sh', '-c', 'kill -9 $$').status, 137);
      assert.ok(memoryKb(containerd.shimPid('long')) <= mostMemoryKb);
      assert.equal(containerd.ctr('t', 'pause', 'long').status, 0);
      assert.equal(containerd.task('long')?.status, 'PAUSED');
      assert.equal(containerd.ctr('t', 'resume', 'long').status, 0);
      assert.match(containerd.ctr('t', 'metrics', 'long').stdout, /memory/);
      assert.equal(containerd.ctr('t', 'kill', '-s', 'KILL', 'long').status, 0);
      await waitUntil(() => containerd.task('long')?.status === 'STOPPED', { what: 'the task to stop' });
      assert.match(containerd.ctr('t', 'rm', 'long').stderr, /exit code 137/);
      assert.equal(containerd.ctr('c', 'rm', 'long').status, 0);
      assert.deepEqual(mountsBelow(containerd.root), []);
    });
  });
}

behavesAsShim('runc', '/usr/sbin/runc', false);
behavesAsShim('tlab-runc', `${binaries}/tlab-runc`, false);
behavesAsShim('crun', '/usr/bin/crun', existsSync('/sys/fs/cgroup/unified'));

describe('the shim', { skip: missing('/usr/sbin/runc') }, () => {
  let containerd: Containerd;
  before(async () => {
    containerd = new Containerd({ runtime: '/usr/sbin/runc' });
    await containerd.start();
  });
  after(() => containerd.dispose());

  const runDetached = (id: string, ...argv: string[]): void => {
    const { status, stderr } = containerd.ctr(...containerd.runArgs(['-d'], id, ...argv));
    assert.equal(status, 0, stderr);
  };
  const remove = (id: string): void => {
    containerd.ctr('t', 'rm', '-f', id);
    containerd.ctr('c', 'rm', id);
  };
  const socketOf = (id: string): string =>
    readFileSync(`${containerd.bundle(id)}/address`, 'utf8').slice('unix://'.length);

  test('closes a connection that does not speak ttrpc, and only that one', async () => {
    runDetached('garbage', '/bin/sleep', '1000');
    const frame = (type: number, ...message: number[]) =>
      Buffer.from([0, 0, 0, message.length, 0, 0, 0, 1, type, 0, ...message]);
    const hostile = [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.alloc(4096, 0xff),
      frame(1, 0xff, 0xff, 0xff, 0xff),
      frame(1, 0x0a, 0x7f),
      frame(2, 0x0a, 0x00),
      frame(9),
      frame(1, 0x00),
    ];
    for (const bytes of hostile) {
      const socket = connect(socketOf('garbage'));
      let closed = false;
      socket
        .on('error', () => undefined)
        .on('close', () => {
          closed = true;
        });
      socket.resume().write(bytes);
      await waitUntil(() => closed, { what: 'the shim to close it' });
    }
    assert.equal(containerd.task('garbage')?.status, 'RUNNING');
    assert.ok(memoryKb(containerd.shimPid('garbage')) <= mostMemoryKb);
    remove('garbage');
  });

  test('takes a byte at a time, and answers an unknown method by name', async () => {
    runDetached('slow', '/bin/sleep', '1000');
    const socket = connect(socketOf('slow'));
    const field = (number: number, text: string) => [(number << 3) | 2, text.length, ...Buffer.from(text)];
    const message = [...field(1, 'containerd.task.v2.Task'), ...field(2, 'Dance')];
    for (const byte of [0, 0, 0, message.length, 0, 0, 0, 5, 1, 0, ...message]) socket.write(Buffer.of(byte));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(answer.readUInt32BE(4), 5);
    assert.match(answer.toString('latin1'), /no method Dance/);
    socket.destroy();
    remove('slow');
  });

  test('keeps the task and its exit status while containerd is killed and restarted', async () => {
    runDetached('survivor', '/bin/sh', '-c', 'while [ ! -e /tmp/end ]; do sleep 0.05; done; exit 42');
    await containerd.kill();
    await containerd.start();
    assert.equal(containerd.task('survivor')?.status, 'RUNNING');
    await containerd.kill();
    writeFileSync(`${containerd.root}/rootfs/tmp/end`, '');
    const shim = containerd.shimPid('survivor');
    await waitUntil(() => !readFileSync(`/proc/${shim}/task/${shim}/children`, 'utf8').trim(), {
      what: 'the program’s end',
    });
    await containerd.start();
    assert.equal(containerd.task('survivor')?.status, 'STOPPED');
    assert.match(containerd.ctr('t', 'rm', 'survivor').stderr, /exit code 42/);
    containerd.ctr('c', 'rm', 'survivor');
  });

  test('clears everything after a shim that was killed', async () => {
    containerd.importImage('example.test/busybox:1');
    const flags = ['-d', '--runtime', 'io.containerd.tlab.v2', '--snapshotter', 'overlayfs'];
    assert.equal(containerd.ctr('run', ...flags, 'example.test/busybox:1', 'orphan', '/bin/sleep', '1000').status, 0);
    const init = containerd.task('orphan')?.pid ?? 0;
    const bundle = containerd.bundle('orphan');
    process.kill(containerd.shimPid('orphan'), 'SIGKILL');
    await waitUntil(() => !existsSync(bundle), { what: 'the bundle to go' });
    await waitUntil(() => hasEnded(init), { what: 'the program to end' });
    assert.deepEqual(readdirSync(`${containerd.root}/run/s`), []);
    containerd.ctr('c', 'rm', 'orphan');
  });

  test('publishes the events of a life in order', async () => {
    const watcher = containerd.spawn('events');
    let seen = '';
    watcher.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    const isSubscribed = (): boolean => {
      containerd.ctr('ns', 'label', 'default', 'tick=1');
      return seen !== '';
    };
    await waitUntil(isSubscribed, { what: 'the watcher' });
    containerd.run('life', '/bin/true');
    await waitUntil(() => seen.includes('/tasks/delete'), { what: 'the last event' });
    watcher.kill('SIGKILL');
    const topics = [...seen.matchAll(/(\/tasks\/\S+)/g)].map((match) => match[1]);
    assert.deepEqual(topics, ['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/delete']);
  });
});

describe('the shim over a runtime that dies', { skip: missing() }, () => {
  test('names the signal and leaves nothing', async () => {
    const containerd = new Containerd({ runtime: '/tmp/tlab-dying-runtime' });
    const script = `${containerd.root}/dying`;
    writeFileSync(script, '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    const dying = new Containerd({ runtime: script });
    try {
      await dying.start();
      assert.match(dying.run('dies', '/bin/true').stderr, /OCI runtime create failed: the runtime was killed/);
      assert.deepEqual(readdirSync(`${dying.root}/run/s`), []);
    } finally {
      await dying.dispose();
      await containerd.dispose();
    }
  });
});
