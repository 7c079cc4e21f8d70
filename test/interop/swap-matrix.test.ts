// The swap matrix: {our, real} containerd × {our, real} shim × {tlab-runc, runc, crun, runsc}: each behaviour with each combination.
// Rule: what a part cannot do is a row of `limits`, and the row is tried: the behaviour must fail in the way that it says, so
// that a row which is no longer true is a failed test. Needs root, containerd with its shim, runc, crun, runsc, busybox-static.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { makeBundle } from '../helpers/bundle.ts';
import { missing } from '../helpers/real-containerd.ts';
import { run } from '../helpers/shell.ts';
import { type Combination, containerds, runtimes, SwapPlace, SwapTask, shims } from '../helpers/swap.ts';
import { waitUntil } from '../helpers/wait.ts';

interface Running {
  task: SwapTask;
  combination: Combination;
}

/** A task of its own, which need not be created for the behaviour to be tried. */
type Behaviour = (running: Running) => Promise<void>;

const forever = ['/bin/sh', '-c', 'trap : USR1; while :; do sleep 0.1; done'];

async function started({ task, combination }: Running, args = forever, terminal = false) {
  const outputs = await task.create(combination, { args, terminal });
  await task.start();
  return outputs;
}

const behaviours: Record<string, Behaviour> = {
  async 'output on both streams and an exit status of 42'(running) {
    const { out, err } = await started(running, ['/bin/sh', '-c', 'echo out; echo err >&2; exit 42']);
    assert.equal(await running.task.wait(), 42);
    assert.equal(await running.task.delete(), 42);
    await waitUntil(() => out.read() && err?.read(), { what: 'the end of the output' });
    assert.deepEqual([out.text, err?.text], ['out\n', 'err\n']);
    assert.deepEqual(running.task.left(), []);
  },

  async 'a created task waits, and is killed before it ran'({ task, combination }) {
    await task.create(combination, { args: ['/bin/true'] });
    assert.equal(await task.status(), 1);
    await task.place.client.tasks.kill({ containerId: task.id, signal: 9 });
    assert.equal(await task.wait(), 137);
    assert.equal(await task.delete(), 137);
    assert.deepEqual(task.left(), []);
  },

  async 'exit status 137 after SIGKILL, and nothing left'(running) {
    await started(running);
    await running.task.place.client.tasks.kill({ containerId: running.task.id, signal: 9 });
    assert.equal(await running.task.wait(), 137);
    await waitUntil(async () => (await running.task.status()) === 3, { what: 'the task to be stopped' });
    assert.equal(await running.task.delete(), 137);
    assert.deepEqual(running.task.left(), []);
  },

  async 'a signal reaches the program, which handles it'(running) {
    const { out } = await started(running, [
      '/bin/sh',
      '-c',
      'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done',
    ]);
    await waitUntil(() => out.read() || out.text === 'up\n', { what: 'the trap to be set' });
    await running.task.place.client.tasks.kill({ containerId: running.task.id, signal: 15 });
    assert.equal(await running.task.wait(), 3);
    assert.equal(await running.task.delete(), 3);
  },

  async 'exec: output, exit status, and 137 by signal, two at once'(running) {
    await started(running);
    const [said, died] = await Promise.all([
      running.task.exec('one', ['/bin/sh', '-c', 'echo inside; exit 5']),
      running.task.exec('two', ['/bin/sh', '-c', 'kill -9 $$']),
    ]);
    assert.deepEqual([said, died.status], [{ status: 5, output: 'inside\n' }, 137]);
  },

  async 'pause and resume'(running) {
    const { tasks } = running.task.place.client;
    await started(running);
    await tasks.pause({ containerId: running.task.id });
    assert.equal(await running.task.status(), 4);
    await tasks.resume({ containerId: running.task.id });
    assert.equal(await running.task.status(), 2);
  },

  async 'stats of its cgroup'(running) {
    await started(running);
    const { metrics } = await running.task.place.client.tasks.metrics({ filters: [`id==${running.task.id}`] });
    assert.match(metrics[0]?.data?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/);
    assert.ok((metrics[0]?.data?.value.length ?? 0) > 50);
    assert.ok(running.task.cgroupFolder('memory'), 'it has no cgroup of its own');
  },

  async 'pids of its processes'(running) {
    await started(running);
    const { processes } = await running.task.place.client.tasks.listPids({ containerId: running.task.id });
    assert.ok(
      processes.some(({ pid }) => pid === running.task.pid),
      'the first process is not among them',
    );
    assert.ok(processes.length <= 2, 'more than the shell and its sleep');
  },

  async 'new limits'(running) {
    await started(running);
    const value = Buffer.from(JSON.stringify({ pids: { limit: 77 } }));
    const typeUrl = 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources';
    await running.task.place.client.tasks.update({ containerId: running.task.id, resources: { typeUrl, value } });
    assert.equal(readFileSync(`${running.task.cgroupFolder('pids')}/pids.max`, 'utf8'), '77\n');
  },

  async 'a terminal, and its size'({ task, combination }) {
    const { out } = await task.create(combination, {
      args: ['/bin/sh', '-c', '[ -t 0 ] && stty size; exit 9'],
      terminal: true,
    });
    await task.place.client.tasks.resizePty({ containerId: task.id, width: 100, height: 30 });
    await task.start();
    assert.equal(await task.wait(), 9);
    await waitUntil(() => out.read() || /\n/.test(out.text), { what: 'the size' });
    assert.equal(out.text, '30 100\r\n');
    assert.equal(await task.delete(), 9);
  },

  async 'a program that is not there is refused by name'({ task, combination }) {
    const ran = async (): Promise<void> => {
      await task.create(combination, { args: ['/bin/nowhere'] });
      await task.start();
    };
    await assert.rejects(ran, /\/bin\/nowhere.*(no such file|not found)/is);
  },
};

/** What a part cannot do. Parts that are left out are any. */
interface Limit {
  containerd?: Combination[0];
  shim?: Combination[1];
  runtime?: Combination[2];
  behaviour: keyof typeof behaviours;
  reason: string;
  fails: RegExp;
}

const limits: Limit[] = [
  {
    runtime: 'runsc',
    behaviour: 'a created task waits, and is killed before it ran',
    reason: 'gVisor signals only what has been started',
    fails: /cannot signal container "t\d+" in state created/,
  },
  {
    shim: 'containerd-shim-tlab-v2',
    runtime: 'runsc',
    behaviour: 'pids of its processes',
    reason: 'our shim reads the cgroup, and gVisor is several processes of the host itself',
    fails: /more than the shell and its sleep/,
  },
  {
    shim: 'containerd-shim-runc-v2',
    runtime: 'runsc',
    behaviour: 'pids of its processes',
    reason: 'the real shim asks the runtime, and gVisor answers with the pids inside its own kernel',
    fails: /the first process is not among them/,
  },
  {
    runtime: 'runsc',
    behaviour: 'new limits',
    reason: 'gVisor of this release has no update command',
    fails: /exit(ed with| status) 128/,
  },
];

for (const which of containerds) {
  describe(`under ${which}`, { skip: missing('containerd-shim-runc-v2', 'runc', 'crun', 'runsc', 'unshare') }, () => {
    const place = new SwapPlace(which);
    before(() => place.start());
    after(() => place.dispose());

    for (const shim of shims) for (const runtime of runtimes) tryAll(place, [which, shim, runtime]);
  });
}

describe('crun without the script that hides the version 2 hierarchy', { skip: missing('crun') }, () => {
  test('refuses a hybrid host, and runs on any other', async () => {
    const folder = mkdtempSync('/var/tmp/tlab-swap-');
    try {
      await makeBundle(folder);
      const ran = await run('crun', ['run', '--bundle', folder, `tlab-swap-${process.pid}`]);
      if (existsSync('/sys/fs/cgroup/unified')) assert.match(ran.stderr, /only v1 or only v2|hybrid|unified/i);
      else assert.equal(ran.status, 0, ran.stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function tryAll(place: SwapPlace, combination: Combination): void {
  const [containerd, shim, runtime] = combination;
  for (const [name, behave] of Object.entries(behaviours)) {
    const limit = limits.find(
      (row) =>
        row.behaviour === name &&
        (row.containerd ?? containerd) === containerd &&
        (row.shim ?? shim) === shim &&
        (row.runtime ?? runtime) === runtime,
    );
    const title = `${shim} over ${runtime}: ${name}`;
    test(limit === undefined ? title : `${title}: cannot: ${limit.reason}`, async () => {
      const task = new SwapTask(place);
      try {
        const tried = behave({ task, combination });
        await (limit === undefined ? tried : assert.rejects(tried, limit.fails));
      } finally {
        await task.discard();
      }
    });
  }
}
