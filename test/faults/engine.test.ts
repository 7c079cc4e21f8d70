// The whole engine with its runtime and its shim killed, or failed, at each step of a run and of an exec: the command fails with its cause,
// the daemon goes on, nothing is left, and the next run works. Each kind of operation once, all of them with TLAB_EVERY_OPERATION=1
// (test/faults/operations.test.ts takes every one at the runtime's own door). Needs root and the offline images.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, type Controller, control, type Question } from '../../src/engine/control.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { leavesNothing, namesIn } from '../helpers/nothing-left.ts';
import { root } from '../helpers/root.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

let engine: TestEngine;
let controller: Controller;
let decide: (question: Question) => Answer | Promise<Answer> = () => 'go';

before(async () => {
  if (process.getuid?.() !== 0) return;
  engine = await startEngine({ controlled: true });
  controller = await control(engine.env.TLAB_CONTROL ?? '', (question) => decide(question));
  await engine.must('run', '--rm', 'busybox', 'true');
});
after(async () => {
  await controller?.close();
  await engine?.stop();
});

const every = process.env.TLAB_EVERY_OPERATION === '1';
const never: Promise<Answer> = new Promise(() => undefined);

/** What makes two questions the same point: of operations their kind, of events their topic. */
const pointOf = ({ stage, verb, name, actor, index, cause }: Question): string =>
  [stage, verb, name, actor, every ? index : '', name === 'publish' ? cause : ''].join(' ').trim();

/** The questions of one command that goes well, each point once. */
async function pointsOf(command: readonly string[]): Promise<Question[]> {
  const asked: Question[] = [];
  decide = (question) => {
    asked.push(question);
    return 'go';
  };
  const earlier = new Set(namesIn(`${engine.root}/run/netns`));
  const ran = await engine.tlab(command);
  assert.equal(ran.status, 0, ran.stderr);
  // That of an earlier run may still be going.
  await waitUntil(() => namesIn(`${engine.root}/run/netns`).every((name) => earlier.has(name)), {
    what: 'its network to go',
  });
  decide = () => 'go';
  const points = new Map(asked.map((question) => [pointOf(question), question]));
  return [...points.values()];
}

type Fault = (question: Question, shim: number) => Answer | Promise<Answer>;

const faults = {
  fail: () => 'EIO',
  'kill the runtime': ({ pid }) => {
    process.kill(pid, 'SIGKILL');
    return never;
  },
  'kill the shim': (_, shim) => {
    process.kill(shim, 'SIGKILL');
    return never;
  },
} satisfies Record<string, Fault>;

/** Runs a command with one fault at the first question of a point. */
async function meet(fault: Fault, point: Question, command: readonly string[]): Promise<Ran> {
  let shim = 0;
  let met = false;
  decide = (question) => {
    if (question.stage === 'shim') shim = question.pid;
    if (met || pointOf(question) !== pointOf(point)) return 'go';
    met = true;
    return fault(question, shim);
  };
  const ran = await engine.tlab(command, { timeoutMs: 30_000 });
  decide = () => 'go';
  assert.ok(met, `${command.join(' ')} comes to ${pointOf(point)}`);
  return ran;
}

const run = ['run', '--rm', 'busybox', 'true'];
/** Verbs and events after which the program has run: what goes wrong then is not the command's failure. */
const isLate = ({ verb, name, cause }: Question): boolean =>
  /^(delete|Delete|forget)$/.test(verb) || (name === 'publish' && /exit|delete/.test(cause));

test('the runtime is killed at each operation of a run: the command says so, nothing is left', root(), async () => {
  for (const point of await pointsOf(run)) {
    if (point.stage !== 'runc' || point.name === 'exec') continue; // behind its barrier the program has no runtime any more
    await leavesNothing(engine, async () => {
      const { status, stderr } = await meet(faults['kill the runtime'], point, run);
      if (isLate(point)) assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, pointOf(point));
      else
        assert.match(
          stderr,
          /^error: OCI runtime (create|start) failed: the runtime was killed by signal 9 during \1$/m,
        );
    });
  }
  assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'fine'), 'fine');
});

test(
  'the shim is killed at each step and each operation of a run: the command says so, nothing is left',
  root(),
  async () => {
    for (const point of await pointsOf(run)) {
      await leavesNothing(engine, async () => {
        const { status, stderr } = await meet(faults['kill the shim'], point, run);
        // Killed before its event, nobody knows what became of the program; after it, containerd does.
        if (isLate(point)) assert.ok(status === 0 || status === 137, `${pointOf(point)}: ${status} ${stderr}`);
        // An event that waited behind another is sent after the answer of its call: the program has started, and was killed.
        else if (point.name === 'publish' && stderr === '') assert.equal(status, 137, pointOf(point));
        else
          assert.match(
            stderr,
            /^error: (the shim has closed the connection|containerd-shim-tlab-v2 start: ended with SIGKILL)$/m,
            pointOf(point),
          );
      });
    }
    assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'fine'), 'fine');
  },
);

test(
  "a step of the shim, or the last of the runtime's, fails: the command says which, nothing is left",
  root(),
  async () => {
    const lastOfRuntime = /^(await_start|save-state|write-pid-file|release|record-start|exec|remove-)/;
    for (const point of await pointsOf(run)) {
      if (point.stage === 'runc' && !lastOfRuntime.test(point.name)) continue;
      await leavesNothing(engine, async () => {
        const { status, stderr } = await meet(faults.fail, point, run);
        // An event is sent again, and what is cleared away is tried again.
        if (isLate(point) || point.name === 'publish') assert.equal(status, 0, `${pointOf(point)}: ${stderr}`);
        else if (point.verb === 'start' && point.stage === 'shim')
          assert.match(stderr, /^error: containerd-shim-tlab-v2 start: .*I\/O error$/m);
        else assert.match(stderr, new RegExp(`(step|operation) "${point.name}": injected: EIO`));
      });
    }
    assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'fine'), 'fine');
  },
);

test(
  'the runtime of an exec is killed, or a step fails, at each point: the container is unharmed, nothing is left',
  root(),
  async () => {
    await engine.must('run', '-d', '--name', 'held', 'busybox', 'sleep', '1000');
    const exec = ['exec', 'held', 'true'];
    for (const point of await pointsOf(exec)) {
      const fault = point.stage === 'runc' ? faults['kill the runtime'] : faults.fail;
      if (point.name === 'write-pid-file') continue; // killed there, the program runs: tested at the runtime's own door
      await leavesNothing(engine, async () => {
        const { status, stderr } = await meet(fault, point, exec);
        if (point.name === 'publish') assert.equal(status, 0, `${pointOf(point)}: ${stderr}`);
        else if (point.stage === 'runc')
          assert.match(stderr, /the runtime was killed by signal 9 during exec/, pointOf(point));
        else assert.match(stderr, new RegExp(`"${point.name}": injected: EIO|I/O error`), pointOf(point));
      });
      assert.equal(await engine.must('exec', 'held', 'ps', '-o', 'args'), 'COMMAND\nsleep 1000\nps -o args');
    }
    await engine.must('rm', '-f', 'held');
  },
);

test('the shim is killed during an exec: exec and container end, nothing is left', root(), async () => {
  const exec = ['exec', 'held', 'true'];
  await leavesNothing(engine, async () => {
    await engine.must('run', '-d', '--name', 'held', 'busybox', 'sleep', '1000');
    const points = (await pointsOf(exec)).filter(({ stage }) => stage === 'shim');
    await engine.must('rm', '-f', 'held');
    for (const point of points) {
      await engine.must('run', '-d', '--name', 'held', 'busybox', 'sleep', '1000');
      const { status } = await meet(faults['kill the shim'], point, exec);
      assert.notEqual(status, 0, pointOf(point));
      assert.equal(await engine.must('wait', 'held'), '137', pointOf(point));
      await engine.must('rm', 'held');
    }
  });
});
