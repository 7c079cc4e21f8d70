// The shim spoken to directly, as containerd's stage does: its start protocol, ttrpc, FIFOs, trace, terminal. runc is below it.
// Needs root, runc, busybox-static. Leaves nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Events as ShimEvents } from '../../src/shim/proto/gen/forward_pb.ts';
import { serveTtrpc } from '../../src/shim/server.ts';
import { runWithTrace } from '../../src/trace/context.ts';
import { Recorder } from '../../src/trace/recorder.ts';
import { execSpec, ShimPlace } from '../helpers/bare-shim.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { hasEnded, missing } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';

const traceId = '0123456789abcdef0123456789abcdef';

/** What can be read now and until the end of file, without waiting for a writer. */
async function readToEnd(path: string, opened?: number): Promise<string> {
  const fd = opened ?? openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunk = Buffer.alloc(65536);
  let text = '';
  const isAtEnd = (): boolean => {
    try {
      const n = readSync(fd, chunk);
      text += chunk.toString('utf8', 0, n);
      return n === 0 && text !== '';
    } catch {
      return false; // EAGAIN: a writer is there and has nothing to say
    }
  };
  await waitUntil(isAtEnd, { what: `the end of ${path}` });
  closeSync(fd);
  return text;
}

describe('the task service', { skip: missing('/usr/sbin/runc') }, () => {
  const place = new ShimPlace();
  const { root } = place;
  before(() => void mkdirSync(`${root}/traces/${traceId}/parts`, { recursive: true }));
  after(() => place.dispose());

  test('refuses by name what it cannot do, and stays', async () => {
    const shim = await place.start('refusing', ['/bin/sleep', '1000']);
    const { task } = shim.client;
    await assert.rejects(task.start({ id: 'refusing' }), /not found/);
    const stdout = 'binary:///bin/logger';
    await assert.rejects(
      task.create({ id: 'refusing', bundle: shim.bundle, stdout, rootfs: place.rootfs() }),
      /expected the path of a FIFO/,
    );
    await assert.rejects(task.create({ id: '../escape', bundle: shim.bundle }), /malformed/);
    await assert.rejects(
      task.create({ id: 'refusing', bundle: shim.bundle, rootfs: [{ type: 'ext4', source: '/x', options: ['loop'] }] }),
      /loop devices are not supported/,
    );
    assert.deepEqual(place.mounts(), []);
    await task.create({ id: 'refusing', bundle: shim.bundle, rootfs: place.rootfs() });
    await assert.rejects(task.checkpoint({ id: 'refusing' }), /checkpoint is not supported/);
    await assert.rejects(task.exec({ id: 'refusing', execId: 'e' }), /malformed Exec/);
    await assert.rejects(task.pause({ id: 'refusing' }), /it is created, must be running/);
    await task.start({ id: 'refusing' });
    await assert.rejects(task.delete({ id: 'refusing' }), /running/);
    await assert.rejects(task.start({ id: 'refusing' }), /it is running, must be created/);
    await assert.rejects(task.kill({ id: 'refusing', signal: 999 }), /expected 0 to 64/);
    const wait = task.wait({ id: 'refusing' }, { timeoutMs: 0 });
    await task.kill({ id: 'refusing', signal: 9 });
    assert.equal((await wait).exitStatus, 137);
    await assert.rejects(task.kill({ id: 'refusing', signal: 9 }), /already finished/);
    await place.end(shim);
    assert.deepEqual(place.mounts(), []);
  });

  test('keeps the output of a program whose reader is late, and then ends it', async () => {
    const shim = await place.start('late', ['/bin/echo', 'said before anybody listened']);
    const stdout = shim.fifo('out');
    await shim.client.task.create({ id: 'late', bundle: shim.bundle, rootfs: place.rootfs(), stdout });
    const wait = shim.client.task.wait({ id: 'late' }, { timeoutMs: 0 });
    await shim.client.task.start({ id: 'late' });
    assert.equal((await wait).exitStatus, 0);
    assert.equal(execFileSync('timeout', ['5', 'cat', stdout]).toString(), 'said before anybody listened\n');
    await place.end(shim);
  });

  test('appends output to file:///, and makes the folders above it', async () => {
    const shim = await place.start('logged', ['/bin/sh', '-c', 'echo out; echo err >&2']);
    const log = `file://${shim.bundle}/new/folder/a%20log?x=y`;
    const { task } = shim.client;
    await task.create({ id: 'logged', bundle: shim.bundle, rootfs: place.rootfs(), stdout: log, stderr: log });
    await task.start({ id: 'logged' });
    await task.wait({ id: 'logged' });
    const read = (): string => readFileSync(`${shim.bundle}/new/folder/a log`, 'utf8');
    await waitUntil(() => /out\n/.test(read()) && /err\n/.test(read()), { what: 'both lines in the log' });
    await place.end(shim);
  });

  test('ends an output that a forgotten child of an exec still holds, once the exec is deleted', async () => {
    const shim = await place.start('holder', ['/bin/sleep', '1000']);
    const { task } = shim.client;
    await task.create({ id: 'holder', bundle: shim.bundle, rootfs: place.rootfs() });
    await task.start({ id: 'holder' });
    const stdout = shim.fifo('exec-out');
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    const spec = execSpec(shim, ['/bin/sh', '-c', 'sleep 1000 & echo done']);
    await task.exec({ id: 'holder', execId: 'e', stdout, spec });
    await task.start({ id: 'holder', execId: 'e' });
    assert.equal((await task.wait({ id: 'holder', execId: 'e' })).exitStatus, 0);
    await task.delete({ id: 'holder', execId: 'e' });
    assert.equal(await readToEnd(stdout, reader), 'done\n');
    await task.kill({ id: 'holder', signal: 9, all: true });
    await task.wait({ id: 'holder' });
    await place.end(shim);
  });

  test('answers the Delete of an exec whose output drains while the container is deleted', async () => {
    const shim = await place.start('draining', ['/bin/sleep', '1000']);
    const { task } = shim.client;
    await task.create({ id: 'draining', bundle: shim.bundle, rootfs: place.rootfs() });
    await task.start({ id: 'draining' });
    // More than the FIFO holds, less than the pipe behind it does too: it ends, and its output cannot.
    const spec = execSpec(shim, ['/bin/sh', '-c', 'head -c 100000 /dev/zero']);
    await task.exec({ id: 'draining', execId: 'loud', stdout: shim.fifo('loud'), spec });
    await task.start({ id: 'draining', execId: 'loud' });
    await task.wait({ id: 'draining', execId: 'loud' });
    const deleted = task.delete({ id: 'draining', execId: 'loud' }, { timeoutMs: 20_000 });
    const outcome = assert.rejects(deleted, /not found/);
    await task.kill({ id: 'draining', signal: 9 });
    await task.wait({ id: 'draining' });
    await Promise.all([outcome, place.end(shim)]);
  });

  test('gives a terminal, resizes it, passes input', async () => {
    const shim = await place.start('terminal', ['/bin/sh', '-c', 'read x; stty size; echo "got $x"'], {
      terminal: true,
    });
    const [stdin, stdout] = [shim.fifo('in'), shim.fifo('out')];
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    const { task } = shim.client;
    await task.create({ id: 'terminal', bundle: shim.bundle, rootfs: place.rootfs(), terminal: true, stdin, stdout });
    await task.resizePty({ id: 'terminal', width: 132, height: 43 });
    await task.start({ id: 'terminal' });
    const writer = openSync(stdin, constants.O_WRONLY);
    writeSync(writer, 'typed\n');
    closeSync(writer);
    const output = await readToEnd(stdout, reader);
    assert.match(output, /43 132\r\n/);
    assert.match(output, /got typed\r\n/);
    await task.wait({ id: 'terminal' });
    await place.end(shim);
    assert.deepEqual(readdirSync(`${root}/run/s`), []);
  });

  test('writes the trace of its requests, with the runtime as a child span', async () => {
    const recorder = new Recorder(`${root}/traces`, traceId, 'containerd');
    const shim = await place.start('traced', ['/bin/true']);
    const context = { traceId, spanId: '00000000000000aa', sampled: true };
    await runWithTrace(context, recorder, () =>
      shim.client.task.create({ id: 'traced', bundle: shim.bundle, rootfs: place.rootfs() }),
    );
    await runWithTrace(context, recorder, () => shim.client.task.start({ id: 'traced' }));
    await shim.client.task.wait({ id: 'traced' });
    const parts = `${root}/traces/${traceId}/parts`;
    const events = readFileSync(`${parts}/shim-${shim.pid}.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const types = events.map(({ type }) => type);
    assert.deepEqual(types.slice(0, 8), [
      'shim.request-received',
      'kernel.mount-attached',
      'shim.stdio-opened',
      'shim.request-sent',
      'kernel.process-executed',
      'shim.response-received',
      'shim.process-changed',
      'shim.response-sent',
    ]);
    const [received, mounted, , sent] = events;
    assert.equal(mounted.twin, `mount -o rbind,ro ${root}/rootfs ${shim.bundle}/rootfs`);
    assert.equal(sent.data.parent, received.span);
    assert.notEqual(sent.span, received.span);
    assert.ok(types.includes('shim.exit-recorded'));
    await place.end(shim);
  });

  test('changes limits, and keeps its events, an out-of-memory kill among them, until the door opens', async () => {
    const shim = await place.start('limited', ['/bin/sh', '-c', 'read x; exec dd if=/dev/zero of=/dev/null bs=64M']);
    const stdin = shim.fifo('in');
    const { task } = shim.client;
    await task.create({ id: 'limited', bundle: shim.bundle, rootfs: place.rootfs(), stdin });
    await task.start({ id: 'limited' });
    const limit = 20 << 20;
    const resources = Buffer.from(JSON.stringify({ memory: { limit, swap: limit } }));
    await task.update({
      id: 'limited',
      resources: { typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources', value: resources },
    });
    const { stats } = await task.stats({ id: 'limited' });
    assert.match(stats?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/);
    const { processes } = await task.pids({ id: 'limited' });
    assert.equal(processes.length, 1);
    const wait = task.wait({ id: 'limited' });
    const writer = openSync(stdin, constants.O_WRONLY);
    writeSync(writer, 'go\n');
    assert.equal((await wait).exitStatus, 137);
    closeSync(writer);
    const topics: string[] = [];
    const door = await serveTtrpc(`${root}/door`, ShimEvents, {
      forward({ envelope }) {
        topics.push(envelope?.topic ?? '');
        return {};
      },
    });
    await place.end(shim);
    door.close();
    assert.deepEqual(topics, ['/tasks/create', '/tasks/start', '/tasks/oom', '/tasks/exit', '/tasks/delete']);
  });

  test('mounts what it is told: a bind, several overlays on one another, nothing at all', async () => {
    const run = async (
      id: string,
      mounts: { type: string; source: string; options: string[] }[],
      rootPath?: string,
    ) => {
      const edit = (config: RuntimeConfig): void => {
        if (rootPath !== undefined) config.root = { path: rootPath };
      };
      const shim = await place.start(id, ['/bin/cat', '/etc/said'], { edit });
      const stdout = shim.fifo('out');
      const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
      const { task } = shim.client;
      await task.create({ id, bundle: shim.bundle, rootfs: mounts, stdout });
      await task.start({ id });
      assert.equal((await task.wait({ id })).exitStatus, 0);
      const said = await readToEnd(stdout, reader);
      await place.end(shim);
      assert.deepEqual(place.mounts(), []);
      return said;
    };
    const layer = (name: string): string => {
      mkdirSync(`${root}/${name}/etc`, { recursive: true });
      writeFileSync(`${root}/${name}/etc/said`, `${name}\n`);
      return `${root}/${name}`;
    };
    const [one, two] = [layer('one'), layer('two')];
    mkdirSync(`${root}/upper`);
    mkdirSync(`${root}/work`);
    const overlay = (...options: string[]) => ({ type: 'overlay', source: 'overlay', options });
    writeFileSync(`${root}/rootfs/etc/said`, 'rootfs\n');
    assert.equal(
      await run('bound', [{ type: 'bind', source: `${root}/rootfs`, options: ['rbind', 'rw', 'nosuid'] }]),
      'rootfs\n',
    );
    assert.equal(await run('overlaid', [overlay('ro', `lowerdir=${two}:${one}:${root}/rootfs`)]), 'two\n');
    const upper = overlay(`lowerdir=${one}:${root}/rootfs`, `upperdir=${root}/upper`, `workdir=${root}/work`);
    assert.equal(await run('stacked', [...place.rootfs(), upper]), 'one\n');
    assert.equal(await run('unmounted', [], `${root}/rootfs`), 'rootfs\n');
  });

  test('kills what the first process leaves in a pid namespace that is not its own', async () => {
    const edit = ({ linux }: RuntimeConfig): void => {
      linux.namespaces = (linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'pid');
    };
    const shim = await place.start('shared', ['/bin/sh', '-c', 'sleep 1000 & echo $!'], { edit });
    const stdout = shim.fifo('out');
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    await shim.client.task.create({ id: 'shared', bundle: shim.bundle, rootfs: place.rootfs(), stdout });
    await shim.client.task.start({ id: 'shared' });
    assert.equal((await shim.client.task.wait({ id: 'shared' })).exitStatus, 0);
    const left = Number(await readToEnd(stdout, reader));
    await waitUntil(() => hasEnded(left), { what: 'the process that was left to end' });
    await place.end(shim);
  });

  test('clears a bundle that no shim is left for, and says so in a DeleteResponse', async () => {
    const shim = await place.start('lost', ['/bin/sleep', '1000']);
    const { pid } = await shim.client.task.create({ id: 'lost', bundle: shim.bundle, rootfs: place.rootfs() });
    await shim.client.task.start({ id: 'lost' });
    shim.client.close();
    const { status, stdout } = place.action(shim.bundle, 'lost', 'delete');
    assert.equal(status, 0);
    assert.equal(stdout[0], 0x08);
    await waitUntil(() => hasEnded(shim.pid), { what: 'the shim to go' });
    await waitUntil(() => hasEnded(pid), { what: 'the program to end' });
    assert.deepEqual(place.mounts(), []);
    assert.deepEqual(readdirSync(`${root}/run/s`), []);
    assert.equal(place.action(shim.bundle, 'lost', 'delete').status, 0);
  });
});
