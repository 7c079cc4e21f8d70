// The whole engine with its containerd, or its daemon, killed at each step of a run, of an exec and of an end: no command waits for ever, what ran
// ends, nothing is left, and the same container starts again. Needs root and the offline images.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Controller, control, type Question } from '../../src/engine/control.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { leavesNothing } from '../helpers/nothing-left.ts';
import { root } from '../helpers/root.ts';
import type { Ran } from '../helpers/shell.ts';
import { isInTurn } from '../helpers/turn.ts';
import { waitUntil } from '../helpers/wait.ts';

let engine: TestEngine;
let controller: Controller;
let decide: (question: Question) => Promise<void> = async () => undefined;

before(async () => {
  if (process.getuid?.() !== 0) return;
  engine = await startEngine({ controlled: true });
  controller = await control(engine.env.TLAB_CONTROL ?? '', (question) => decide(question).then(() => 'go' as const));
  await engine.must('run', '--rm', 'busybox', 'true');
});
after(async () => {
  await controller?.close();
  await engine?.stop();
});

/** Of operations their kind, of events their topic. */
const pointOf = ({ stage, verb, name, actor, cause }: Question): string =>
  [stage, verb, name, actor, name === 'publish' ? cause : ''].join(' ').trim();

type Command = readonly string[];

/** A run has more than twenty points, and each of them costs a stage's start: every other one in each commit. */
const turns = 2;

/** Between its first and its last operation the runtime does not ask anybody above it. */
const isWorthIt = (point: string): boolean =>
  !/^runc (create|exec) /.test(point) || /make-state|fork|clone|await_start|write-pid-file|exec init/.test(point);

/** The points of commands that go well, each once. */
async function pointsOf(...commands: Command[]): Promise<string[]> {
  const points = new Set<string>();
  decide = async (question) => void points.add(pointOf(question));
  for (const command of commands) await engine.must(...command);
  decide = async () => undefined;
  return [...points];
}

const pidFiles = { containerd: 'tlab-containerd.pid', daemon: 'tlabd.pid' };
type Killed = keyof typeof pidFiles;
const pidOf = (stage: Killed): number => Number(readFileSync(`${engine.root}/run/${pidFiles[stage]}`, 'utf8'));

/** Runs a command in which a stage is killed at the first question of a point; the step itself is done. */
async function meet(stage: Killed, point: string, command: Command): Promise<Ran> {
  let isMet = false;
  decide = async (question) => {
    if (isMet || pointOf(question) !== point) return;
    isMet = true;
    process.kill(pidOf(stage), 'SIGKILL');
  };
  const ran = await engine.tlab(command, { timeoutMs: 30_000 });
  decide = async () => undefined;
  assert.ok(isMet, `${command.join(' ')} comes to ${point}`);
  assert.notEqual(ran.status, 255, `${stage} killed at ${point}: ${command.join(' ')} does not end: ${ran.stderr}`);
  await waitUntil(async () => (await engine.tlab(['images'])).status === 0, {
    what: `the next ${stage}`,
    deadlineMs: 20_000,
  });
  return ran;
}

const status = async (name: string): Promise<string> =>
  (await engine.tlab(['inspect', '--format', '{{.State.Status}}', name])).stdout.trim();

for (const stage of ['containerd', 'daemon'] as const) {
  test(`${stage} is killed at each step of a run: the command ends, nothing is left`, root(), async () => {
    const run = ['run', '--rm', '--name', 'once', 'busybox', 'true'];
    for (const point of (await pointsOf(run)).filter(isWorthIt).filter((_, place) => isInTurn(place, turns))) {
      await leavesNothing(engine, async () => {
        await meet(stage, point, run);
        if ((await status('once')) !== '') await engine.tlab(['rm', '--force', 'once'], { timeoutMs: 40_000 });
      });
    }
    assert.equal(await engine.must('run', '--rm', 'busybox', 'echo', 'fine'), 'fine');
  });

  test(`${stage} is killed at each step of an end: stop ends, and the container starts again`, root(), async () => {
    await engine.must('run', '--detach', '--name', 'held', 'busybox', 'sleep', '1000');
    const stop = ['stop', '--time', '0', 'held'];
    const points = await pointsOf(stop);
    for (const point of points) {
      await engine.must('start', 'held');
      await meet(stage, point, stop);
      await waitUntil(
        async () =>
          (await engine.tlab(['stop', '--time', '0', 'held'])).status === 0 && (await status('held')) === 'exited',
        { what: `held to end (${point})` },
      );
    }
    await leavesNothing(engine, async () => {
      assert.equal(await engine.must('start', 'held'), 'held');
      await engine.must('stop', '--time', '0', 'held');
    });
    await engine.must('rm', 'held');
  });

  test(`${stage} is killed at each step of an exec: the command ends, the container is unharmed`, root(), async () => {
    await engine.must('run', '--detach', '--name', 'held', 'busybox', 'sleep', '1000');
    const exec = ['exec', 'held', 'true'];
    for (const point of (await pointsOf(exec)).filter(isWorthIt)) {
      await leavesNothing(engine, async () => {
        await meet(stage, point, exec);
        assert.equal(await engine.must('exec', 'held', 'ps', '-o', 'args'), 'COMMAND\nsleep 1000\nps -o args');
      });
    }
    await engine.must('rm', '--force', 'held');
  });
}

test('who was told to end stays ended: the daemon that was killed over it had written that down', root(), async () => {
  await engine.must('run', '--detach', '--restart', 'unless-stopped', '--name', 'kept', 'busybox', 'sleep', '1000');
  const kill = ['kill', 'kept'];
  const signals = (await pointsOf(kill)).filter((point) => /kill/.test(point));
  assert.notDeepEqual(signals, []);
  for (const point of signals) {
    await engine.must('start', 'kept');
    await meet('daemon', point, kill);
    await waitUntil(async () => (await status('kept')) === 'exited', { what: `kept to end (${point})` });
    await engine.must('run', '--rm', 'busybox', 'sleep', '1');
    assert.equal(await status('kept'), 'exited', point);
  }
  await engine.must('rm', 'kept');
});
