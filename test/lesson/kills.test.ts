// Kills and right resumes: learn, check, quiz and review are ended by SIGKILL at random moments, and whoever goes on finds what
// was told before: no entry is lost, no answer is asked for twice, nothing is made up. Needs no root: lessons are taken on a recording.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openCourse } from '../../src/lesson/course.ts';
import { type Entry, readLog } from '../../src/lesson/progress/log.ts';
import { below, numbersOf } from '../../src/lesson/vars.ts';
import { tlabProgram } from '../helpers/engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'kills-'));
/** No engine is asked, and none of this host is touched. */
const nowhere = { TLAB_RUN_ROOT: join(folder, 'run'), TLAB_DATA_ROOT: join(folder, 'data') };
after(() => rmSync(folder, { recursive: true }));
const lesson = openCourse(new URL('../../lessons', import.meta.url).pathname).lessons.find(
  ({ id }) => id === 'one-run',
);
const predictions = lesson?.steps.flatMap((step) => step.predictions).length ?? 0;

/** Gives an answer whenever one is asked for; ends it by SIGKILL after so many bytes of output, if it lives that long. */
async function killed(
  args: string[],
  progress: string,
  afterBytes: number,
): Promise<{ stdout: string; isKilled: boolean }> {
  const env = { ...process.env, ...nowhere, TLAB_PROGRESS: progress, NO_COLOR: '1', COLUMNS: '100' };
  const child = spawn(tlabProgram, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length >= afterBytes) child.kill('SIGKILL');
    else for (const _ of text.matchAll(/^> /gm)) child.stdin.write(`${answerTo(stdout)}\n`);
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.on('close', (_, signal) => resolve(signal === 'SIGKILL'));
  return { isKilled: await promise, stdout };
}

const answerTo = (stdout: string): string => {
  const question = stdout.slice(stdout.lastIndexOf('\n\n'));
  if (!question.includes('the numbers in their order')) return '1';
  return [...question.matchAll(/^ {2}(\d) {2}/gm)].map(([, number]) => number).join(' ');
};

const entriesOf = (file: string): Entry[] => readLog(file).entries;
const ofKind = (entries: readonly Entry[], kind: Entry['kind']): number =>
  entries.filter((entry) => entry.kind === kind).length;
/** Answers that were told to the person: a question that may be tried once more is not told yet. */
const toldIn = (stdout: string): number => [...stdout.matchAll(/^(RIGHT|NOT SO|ANSWER) {2}(?!Once more)/gm)].length;

/** What a kill must not change: everything before is there, and what was told is in the record, at most one more. */
function assertKept(
  before: readonly Entry[],
  after: readonly Entry[],
  told: number,
  kind: 'predicted' | 'reviewed',
): void {
  assert.deepEqual(after.slice(0, before.length), before, 'what was recorded before is there');
  const recorded = ofKind(after, kind) - ofKind(before, kind);
  assert.ok(recorded === told || recorded === told + 1, `told ${told}, recorded ${recorded}`);
}

/** `npm test` takes a fifth; `TLAB_KILLS=50` all fifty, which is more than a minute. */
const kills = Number(process.env.TLAB_KILLS ?? 10);
const learners = Math.ceil(kills / 5);

async function oneLearner(number: number): Promise<number> {
  const progress = join(folder, `${number}.jsonl`);
  const random = numbersOf(`kills/${number}`);
  let done = 0;
  for (const [args, most, kind] of [
    [['quiz', 'stack', '-n', '4', '--seed', `${number}`], 1_500, 'reviewed'],
    [['review', '--ahead', '400', '-n', '4'], 1_200, 'reviewed'],
    [['learn', 'one-run', '--way', 'replay'], 1_200, 'predicted'],
    [['check', 'one-run', '--way', 'replay'], 500, 'predicted'],
    [['learn', 'one-run', '--way', 'replay'], 2_600, 'predicted'],
  ] as const) {
    const before = entriesOf(progress);
    const { stdout, isKilled } = await killed([...args], progress, 1 + below(random, most));
    const after = entriesOf(progress);
    assertKept(before, after, toldIn(stdout), kind);
    assert.equal(readLog(progress).unreadable, 0);
    if (isKilled) done++;
  }
  // The others have gone on five times already; these go on to the end of the lesson.
  if (number % 4 === 0) await goesOn(progress);
  return done;
}

/** The one who comes back is asked exactly what was not answered, and the lesson ends. */
async function goesOn(progress: string): Promise<void> {
  for (let turns = 0; turns < 8; turns++) {
    const before = entriesOf(progress);
    const step = lesson?.steps.find(({ id }) => !before.some((entry) => entry.kind === 'passed' && entry.step === id));
    if (step === undefined) break;
    const answered = new Set(before.flatMap((entry) => (entry.kind === 'predicted' ? [entry.prediction] : [])));
    const open = step.predictions.filter(({ id }) => !answered.has(id)).length;
    const { stdout } = await killed(['learn', 'one-run', '--way', 'replay'], progress, Number.POSITIVE_INFINITY);
    assert.equal([...stdout.matchAll(/^Predict first$/gm)].length, open, 'only what is open is asked for');
    assert.ok(stdout.includes(`/${step.id}`), stdout);
    await killed(['check', 'one-run', '--way', 'replay'], progress, Number.POSITIVE_INFINITY);
  }
  const entries = entriesOf(progress);
  assert.equal(ofKind(entries, 'passed'), lesson?.steps.length);
  const foretold = entries.flatMap((entry) => (entry.kind === 'predicted' ? [entry.prediction] : []));
  assert.deepEqual([foretold.length, new Set(foretold).size], [predictions, predictions], 'each is answered once');
  assert.equal(new Set(entries.map(({ id }) => id)).size, readFileSync(progress, 'utf8').trim().split('\n').length - 1);
}

test('SIGKILL at random moments, many times, and each time it is gone on with rightly', async () => {
  let done = 0;
  for (let number = 0; number < learners; number += 2)
    for (const one of await Promise.all([oneLearner(number), oneLearner(number + 1)])) done += one;
  assert.ok(done >= (kills * 2) / 3, `${done} of ${kills} were still there to be killed`);
});
