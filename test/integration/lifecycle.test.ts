// Ends, pauses and execs that the daemon does not bring about itself: nobody waits for ever, and its state is the task's. Needs root.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connectContainerd } from '../../src/containerd/client.ts';
import { anyOf } from '../../src/containerd/events/exchange.ts';
import { TaskExitSchema } from '../../src/containerd/proto/gen/event_types_pb.ts';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip === false) engine = await startEngine();
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const inspect = (name: string, field: string): Promise<string> =>
  engine.must('inspect', '--format', `{{${field}}}`, name);
const pidIn = (file: string): number => Number(readFileSync(`${engine.root}/run/${file}`, 'utf8'));
const containerd = () =>
  connectContainerd({ address: `${engine.root}/run/containerd/containerd.sock`, namespace: 'moby' });

/** Waits until an inspected field is so. */
const becomes = (name: string, field: string, wanted: RegExp, deadlineMs = 10_000): Promise<string> =>
  waitUntil(
    async () => {
      const value = await inspect(name, field);
      return wanted.test(value) ? value : undefined;
    },
    { what: `${field} of ${name} to be ${wanted}`, deadlineMs },
  );

test('whoever waits for a container between two restarts is answered when it is stopped there', needsRoot, async () => {
  await engine.must('run', '--detach', '--restart', 'always', '--name', 'failing', 'busybox', 'sh', '-c', 'exit 3');
  await becomes('failing', '.RestartCount', /^[4-9]$/, 30_000);
  await becomes('failing', '.State.Status', /restarting/);
  const waited = engine.tlab(['wait', 'failing'], { timeoutMs: 20_000 });
  const waits = async (): Promise<boolean> => {
    await becomes('failing', '.State.Status', /restarting/);
    return (
      (await engine.tlab(['stop', 'failing'])).status === 0 && (await inspect('failing', '.State.Status')) === 'exited'
    );
  };
  assert.ok(await waits());
  assert.equal((await waited).stdout, '3\n');
  await engine.must('rm', 'failing');
});

test('a time to stop in that is longer than a timer holds is no time at all for SIGKILL', needsRoot, async () => {
  const leaves = 'trap "sleep 1; exit 5" TERM; while :; do sleep 0.1; done';
  await engine.must('run', '--detach', '--name', 'slow', 'busybox', 'sh', '-c', leaves);
  await waitUntil(async () => (await engine.must('top', 'slow')).includes('sleep'), { what: 'the trap to be set' });
  await engine.must('stop', '--time', '9999999', 'slow');
  assert.equal(await inspect('slow', '.State.ExitCode'), '5');
  await engine.must('rm', 'slow');
});

test('a client whose input nobody takes any more leaves no connection in the daemon', needsRoot, async () => {
  const sockets = (): number => {
    const folder = `/proc/${pidIn('tlabd.pid')}/fd`;
    return readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`).startsWith('socket:');
      } catch {
        return false; // closed meanwhile
      }
    }).length;
  };
  const feed = async (): Promise<void> => {
    const piped = `yes | ${tlabProgram} run --interactive --rm busybox head -c 100`;
    assert.equal((await engine.inside('sh', ['-c', piped])).status, 0);
  };
  await feed();
  const before = sockets();
  for (let count = 0; count < 4; count++) await feed();
  await waitUntil(() => sockets() <= before, { what: `no more than ${before} sockets` });
});

test('an input that is empty from the beginning ends', needsRoot, async () => {
  await engine.must('run', '--detach', '--name', 'other', 'busybox', 'sleep', '1000');
  for (const command of ['run --interactive --rm busybox cat', 'exec --interactive other cat']) {
    // In the foreground SIGKILL alone ends it: other signals are the program's.
    const ran = await engine.inside('sh', ['-c', `timeout -s KILL 20 ${tlabProgram} ${command} </dev/null`]);
    assert.deepEqual({ status: ran.status, stdout: ran.stdout }, { status: 0, stdout: '' }, command);
  }
  await engine.must('rm', '--force', 'other');
});

test(
  'the end of an input that falls into the time without containerd is told when there is one again',
  needsRoot,
  async () => {
    await engine.must('run', '--detach', '--name', 'other', 'busybox', 'sleep', '1000');
    for (const command of ['run --interactive --rm --name reader busybox cat', 'exec --interactive other cat']) {
      const sign = `${engine.root}/end-${command.split(' ')[0]}`;
      const input = `until [ -e ${sign} ]; do sleep 0.02; done; echo late`;
      const read = engine.inside('sh', ['-c', `{ ${input}; } | ${tlabProgram} ${command}`], { timeoutMs: 30_000 });
      const [reader = ''] = command.match(/reader|other/) ?? [];
      await waitUntil(async () => (await engine.tlab(['top', reader])).stdout.includes(' cat'), { what: 'cat to run' });
      process.kill(pidIn('tlab-containerd.pid'), 'SIGKILL');
      writeFileSync(sign, '');
      assert.equal((await read).stdout, 'late\n');
    }
    await engine.must('rm', '--force', 'other');
  },
);

test('a task that somebody else pauses is paused, and a signal that makes it go on is seen', needsRoot, async () => {
  const stays = 'trap "" TERM; while :; do sleep 0.1; done';
  await engine.must('run', '--detach', '--name', 'stays', 'busybox', 'sh', '-c', stays);
  const containerId = await inspect('stays', '.Id');
  const client = containerd();
  try {
    await client.tasks.pause({ containerId });
    await becomes('stays', '.State.Status', /paused/);
    await client.tasks.resume({ containerId });
    await becomes('stays', '.State.Status', /running/);
    await engine.must('pause', 'stays');
    await engine.must('kill', '--signal', 'TERM', 'stays');
    await becomes('stays', '.State.Status', /running/);
  } finally {
    client.close();
  }
  await engine.must('rm', '--force', 'stays');
});

test('a paused container is killed, whether it dies before it is let go on or after that', needsRoot, async () => {
  for (let count = 0; count < 12; count++) {
    await engine.must('run', '--detach', '--name', 'frozen', 'busybox', 'sleep', '1000');
    await engine.must('pause', 'frozen');
    await engine.must('rm', '--force', 'frozen');
  }
});

test('the exit of an earlier run that is told late does not end this one', needsRoot, async () => {
  await engine.must('run', '--detach', '--name', 'again', 'busybox', 'sleep', '1000');
  const containerId = await inspect('again', '.Id');
  const pid = Number(await inspect('again', '.State.Pid'));
  await engine.must('restart', '--time', '0', 'again');
  const client = containerd();
  const told = start('nsenter', [...engine.enter, tlabProgram, 'wait', 'again'], { env: engine.env });
  try {
    const exit = { containerId, id: containerId, pid, exitStatus: 9 };
    await client.events.publish({ topic: '/tasks/exit', event: anyOf(TaskExitSchema, exit) });
    // Handled in order: when this one is seen, that one has been.
    await client.tasks.pause({ containerId });
    await becomes('again', '.State.Status', /paused|exited/);
  } finally {
    client.close();
  }
  assert.equal(await inspect('again', '.State.Status'), 'paused');
  await engine.must('rm', '--force', 'again');
  await told.ended;
});

test('an exec that has ended is none of the container’s, also when its daemon is gone', needsRoot, async () => {
  await engine.must('run', '--detach', '--name', 'host', 'busybox', 'sleep', '1000');
  await engine.must('exec', 'host', 'true');
  assert.equal(await inspect('host', 'json .ExecIDs'), 'null');
  await engine.must('exec', '--detach', 'host', 'sh', '-c', 'until [ -e /go ]; do sleep 0.1; done');
  const id = await inspect('host', '.Id');
  const fifos = (): string[] => readdirSync(`${engine.root}/run/fifo`).filter((name) => name.startsWith(`${id}-`));
  assert.equal(fifos().length, 1);
  process.kill(pidIn('tlabd.pid'), 'SIGKILL');
  await engine.must('exec', 'host', 'touch', '/go');
  await waitUntil(() => fifos().length === 0, { what: 'its FIFOs to go' });
  await engine.must('exec', '--detach', 'host', 'sleep', '1000');
  process.kill(pidIn('tlabd.pid'), 'SIGKILL');
  await engine.must('rm', '--force', 'host');
  assert.deepEqual(fifos(), []);
});

test(
  'a shim that does not answer keeps neither the daemon from coming up nor the others from being heard',
  needsRoot,
  async () => {
    for (const name of ['hung', 'well'])
      await engine.must('run', '--detach', '--name', name, 'busybox', 'sleep', '1000');
    const shim = Number(
      readFileSync(`/proc/${await inspect('hung', '.State.Pid')}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ')[1],
    );
    process.kill(shim, 'SIGSTOP');
    try {
      process.kill(pidIn('tlabd.pid'), 'SIGKILL');
      assert.match((await engine.tlab(['ps'], { timeoutMs: 40_000 })).stdout, /(?=.*hung)(?=.*well)/s);
      assert.equal((await engine.tlab(['stop', '--time', '0', 'well'], { timeoutMs: 10_000 })).status, 0);
    } finally {
      process.kill(shim, 'SIGCONT');
    }
    await engine.must('rm', '--force', 'hung', 'well');
  },
);

test('a restart that falls into the time without containerd is made when there is one again', needsRoot, async () => {
  await engine.must('run', '--detach', '--restart', 'always', '--name', 'loyal', 'busybox', 'sh', '-c', 'exit 3');
  const count = Number(await becomes('loyal', '.RestartCount', /^[4-9]$/, 30_000));
  let isOver = false;
  const away = (async () => {
    while (!isOver) {
      try {
        process.kill(pidIn('tlab-containerd.pid'), 'SIGKILL');
      } catch {
        // It is not there.
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await becomes('loyal', '.State.Error', /containerd|shim/, 30_000).finally(() => {
    isOver = true;
  });
  await away;
  await becomes('loyal', '.RestartCount', new RegExp(`^(${count + 2}|${count + 3}|${count + 4})$`), 60_000);
  await becomes('loyal', '.State.ExitCode', /^3$/);
  await engine.must('rm', '--force', 'loyal');
});

test('a container that has never run has said nothing', needsRoot, async () => {
  await engine.must('create', '--name', 'silent', 'busybox', 'true');
  const log = (): string => readFileSync(`${engine.root}/run/tlabd.log`, 'utf8');
  const before = log();
  for (const more of [[], ['--follow']]) assert.equal(await engine.must('logs', ...more, 'silent'), '');
  assert.equal(log(), before);
  await engine.must('rm', 'silent');
});

test(
  'a process that is killed for want of memory beside the first is told at once, and the container runs on',
  needsRoot,
  async () => {
    const script = 'dd if=/dev/zero of=/dev/null bs=96M count=1; echo $? > /status; exec sleep 1000';
    const flags = ['--memory', '24m', '--memory-swap', '24m', '--name', 'short'];
    await engine.must('run', '--detach', ...flags, 'busybox', 'sh', '-c', script);
    await becomes('short', '.State.OOMKilled', /^true$/);
    assert.equal(await inspect('short', '.State.Running'), 'true');
    const until = `${Math.ceil(Date.now() / 1000)}`;
    const events = await engine.must(
      'events',
      '--since',
      '0',
      '--until',
      until,
      '--filter',
      'container=short',
      '--filter',
      'event=oom',
    );
    assert.equal(events.split('\n').length, 1, events);
    assert.equal(await engine.must('exec', 'short', 'cat', '/status'), '137');
    await engine.must('rm', '--force', 'short');
  },
);
