// The shim spoken to directly, as containerd's stage does: its start protocol, ttrpc, FIFOs, trace, terminal. runc is below it.
// Needs root, runc, busybox-static. Leaves nothing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connectShim, type ShimClient } from '../../src/shim/client.ts';
import { Events as ShimEvents } from '../../src/shim/proto/gen/forward_pb.ts';
import { serveTtrpc } from '../../src/shim/server.ts';
import { runWithTrace } from '../../src/trace/context.ts';
import { Recorder } from '../../src/trace/recorder.ts';
import { binaries } from '../helpers/binaries.ts';
import { makeBusyboxRoot } from '../helpers/busybox.ts';
import { hasEnded, missing, removeEmptyCgroups } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';

const root = '/tmp/tlab-shim-task';
const traceId = '0123456789abcdef0123456789abcdef';
const environment = {
  ...process.env,
  TLAB_RUN_ROOT: `${root}/run`,
  TLAB_TRACES: `${root}/traces`,
  TLAB_RUNTIME: '/usr/sbin/runc',
  TTRPC_ADDRESS: `${root}/door`,
};

interface Shim {
  bundle: string;
  pid: number;
  client: ShimClient;
  fifo: (name: string) => string;
}

function writeBundle(id: string, args: string[], terminal: boolean): string {
  const bundle = `${root}/${id}`;
  mkdirSync(bundle, { recursive: true });
  execFileSync('runc', ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'));
  config.process.args = args;
  config.process.terminal = terminal;
  config.root = { path: 'rootfs' };
  config.linux.cgroupsPath = `/tlab-shim-task/${id}`;
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  return bundle;
}

const action = (bundle: string, id: string, verb: string) =>
  spawnSync(
    `${binaries}/containerd-shim-tlab-v2`,
    ['-namespace', 'test', '-address', `${root}/c.sock`, '-id', id, verb],
    {
      cwd: bundle,
      env: environment,
      timeout: 5000,
    },
  );

async function startShim(id: string, args: string[], terminal = false): Promise<Shim> {
  const bundle = writeBundle(id, args, terminal);
  const { stdout, stderr, status } = action(bundle, id, 'start');
  assert.equal(status, 0, stderr.toString());
  const fifo = (name: string): string => {
    const path = `${bundle}/${name}`;
    if (!existsSync(path)) execFileSync('mkfifo', ['-m', '600', path]);
    return path;
  };
  const pid = Number(readFileSync(`${bundle}/shim.pid`, 'utf8'));
  return { bundle, pid, fifo, client: await connectShim(stdout.toString().trim(), 'test') };
}

const rootfs = () => [{ type: 'bind', source: `${root}/rootfs`, options: ['rbind', 'ro'] }];

async function end({ client, bundle, pid }: Shim, id: string): Promise<void> {
  await client.task.delete({ id });
  await client.task.shutdown({ id });
  client.close();
  await waitUntil(() => hasEnded(pid), { what: 'the shim to go' });
  rmSync(bundle, { recursive: true });
}

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
  before(() => {
    rmSync(root, { recursive: true, force: true });
    makeBusyboxRoot(`${root}/rootfs`);
    mkdirSync(`${root}/traces/${traceId}/parts`, { recursive: true });
  });
  after(() => {
    rmSync(root, { recursive: true, force: true });
    removeEmptyCgroups('tlab-shim-task');
  });

  test('refuses by name what it cannot do, and stays', async () => {
    const shim = await startShim('refusing', ['/bin/sleep', '1000']);
    const { task } = shim.client;
    await assert.rejects(task.start({ id: 'refusing' }), /not found/);
    const stdout = 'binary:///bin/logger';
    await assert.rejects(
      task.create({ id: 'refusing', bundle: shim.bundle, stdout, rootfs: rootfs() }),
      /expected the path of a FIFO/,
    );
    await assert.rejects(task.create({ id: '../escape', bundle: shim.bundle }), /malformed/);
    await assert.rejects(
      task.create({ id: 'refusing', bundle: shim.bundle, rootfs: [{ type: 'ext4', source: '/x', options: ['loop'] }] }),
      /loop devices are not supported/,
    );
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(root), false);
    await task.create({ id: 'refusing', bundle: shim.bundle, rootfs: rootfs() });
    await assert.rejects(task.checkpoint({ id: 'refusing' }), /checkpoint is not supported/);
    await assert.rejects(task.exec({ id: 'refusing', execId: 'e' }), /not running/);
    await assert.rejects(task.pause({ id: 'refusing' }), /it is created, must be running/);
    await task.start({ id: 'refusing' });
    await assert.rejects(task.delete({ id: 'refusing' }), /running/);
    await assert.rejects(task.start({ id: 'refusing' }), /it is running, must be created/);
    await assert.rejects(task.kill({ id: 'refusing', signal: 999 }), /expected 1 to 64/);
    const wait = task.wait({ id: 'refusing' }, { timeoutMs: 0 });
    await task.kill({ id: 'refusing', signal: 9 });
    assert.equal((await wait).exitStatus, 137);
    await assert.rejects(task.kill({ id: 'refusing', signal: 9 }), /already finished/);
    await end(shim, 'refusing');
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(root), false);
  });

  test('keeps the output of a program whose reader is late, and then ends it', async () => {
    const shim = await startShim('late', ['/bin/echo', 'said before anybody listened']);
    const stdout = shim.fifo('out');
    await shim.client.task.create({ id: 'late', bundle: shim.bundle, rootfs: rootfs(), stdout });
    const wait = shim.client.task.wait({ id: 'late' }, { timeoutMs: 0 });
    await shim.client.task.start({ id: 'late' });
    assert.equal((await wait).exitStatus, 0);
    assert.equal(execFileSync('timeout', ['5', 'cat', stdout]).toString(), 'said before anybody listened\n');
    await end(shim, 'late');
  });

  test('ends an output that a forgotten child of an exec still holds, once the exec is deleted', async () => {
    const shim = await startShim('holder', ['/bin/sleep', '1000']);
    const { task } = shim.client;
    await task.create({ id: 'holder', bundle: shim.bundle, rootfs: rootfs() });
    await task.start({ id: 'holder' });
    const stdout = shim.fifo('exec-out');
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    const document = JSON.parse(readFileSync(`${shim.bundle}/config.json`, 'utf8')).process;
    document.args = ['/bin/sh', '-c', 'sleep 1000 & echo done'];
    const spec = {
      typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
      value: Buffer.from(JSON.stringify(document)),
    };
    await task.exec({ id: 'holder', execId: 'e', stdout, spec });
    await task.start({ id: 'holder', execId: 'e' });
    assert.equal((await task.wait({ id: 'holder', execId: 'e' })).exitStatus, 0);
    await task.delete({ id: 'holder', execId: 'e' });
    assert.equal(await readToEnd(stdout, reader), 'done\n');
    await task.kill({ id: 'holder', signal: 9, all: true });
    await task.wait({ id: 'holder' });
    await end(shim, 'holder');
  });

  test('gives a terminal, resizes it, passes input', async () => {
    const shim = await startShim('terminal', ['/bin/sh', '-c', 'read x; stty size; echo "got $x"'], true);
    const [stdin, stdout] = [shim.fifo('in'), shim.fifo('out')];
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    const { task } = shim.client;
    await task.create({ id: 'terminal', bundle: shim.bundle, rootfs: rootfs(), terminal: true, stdin, stdout });
    await task.resizePty({ id: 'terminal', width: 132, height: 43 });
    await task.start({ id: 'terminal' });
    const writer = openSync(stdin, constants.O_WRONLY);
    writeSync(writer, 'typed\n');
    closeSync(writer);
    const output = await readToEnd(stdout, reader);
    assert.match(output, /43 132\r\n/);
    assert.match(output, /got typed\r\n/);
    await task.wait({ id: 'terminal' });
    await end(shim, 'terminal');
    assert.deepEqual(readdirSync(`${root}/run/s`), []);
  });

  test('writes the trace of its requests, with the runtime as a child span', async () => {
    const recorder = new Recorder(`${root}/traces`, traceId, 'containerd');
    const shim = await startShim('traced', ['/bin/true']);
    const context = { traceId, spanId: '00000000000000aa', sampled: true };
    await runWithTrace(context, recorder, () =>
      shim.client.task.create({ id: 'traced', bundle: shim.bundle, rootfs: rootfs() }),
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
    await end(shim, 'traced');
  });

  test('changes limits, and keeps its events, an out-of-memory kill among them, until the door opens', async () => {
    const shim = await startShim('limited', ['/bin/sh', '-c', 'read x; exec dd if=/dev/zero of=/dev/null bs=64M']);
    const stdin = shim.fifo('in');
    const { task } = shim.client;
    await task.create({ id: 'limited', bundle: shim.bundle, rootfs: rootfs(), stdin });
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
    await end(shim, 'limited');
    door.close();
    assert.deepEqual(topics, ['/tasks/create', '/tasks/start', '/tasks/oom', '/tasks/exit', '/tasks/delete']);
  });

  test('kills what the first process leaves in a pid namespace that is not its own', async () => {
    const shim = await startShim('shared', ['/bin/sh', '-c', 'sleep 1000 & echo $!']);
    const config = JSON.parse(readFileSync(`${shim.bundle}/config.json`, 'utf8'));
    config.linux.namespaces = config.linux.namespaces.filter(({ type }: { type: string }) => type !== 'pid');
    writeFileSync(`${shim.bundle}/config.json`, JSON.stringify(config));
    const stdout = shim.fifo('out');
    const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
    await shim.client.task.create({ id: 'shared', bundle: shim.bundle, rootfs: rootfs(), stdout });
    await shim.client.task.start({ id: 'shared' });
    assert.equal((await shim.client.task.wait({ id: 'shared' })).exitStatus, 0);
    const left = Number(await readToEnd(stdout, reader));
    await waitUntil(() => hasEnded(left), { what: 'the process that was left to end' });
    await end(shim, 'shared');
  });

  test('clears a bundle that no shim is left for, and says so in a DeleteResponse', async () => {
    const shim = await startShim('lost', ['/bin/sleep', '1000']);
    const { pid } = await shim.client.task.create({ id: 'lost', bundle: shim.bundle, rootfs: rootfs() });
    await shim.client.task.start({ id: 'lost' });
    shim.client.close();
    const { status, stdout } = action(shim.bundle, 'lost', 'delete');
    assert.equal(status, 0);
    assert.equal(stdout[0], 0x08);
    await waitUntil(() => hasEnded(shim.pid), { what: 'the shim to go' });
    await waitUntil(() => hasEnded(pid), { what: 'the program to end' });
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(root), false);
    assert.deepEqual(readdirSync(`${root}/run/s`), []);
    assert.equal(action(shim.bundle, 'lost', 'delete').status, 0);
  });
});
