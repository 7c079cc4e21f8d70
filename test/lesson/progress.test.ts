// The progress log: what was written is read, a cut line costs one entry, foreign files are kept aside, two logs merge by union.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { append, type Entry, missingFrom, progressFile, readLog, setAside } from '../../src/lesson/progress/log.ts';
import { currentLesson, currentStep, lessonLogs, stepProgress } from '../../src/lesson/progress/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'progress-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const newFile = (): string => join(folder, `${count++}`, 'progress.jsonl');

test('entries come back as they were written, in their order, from a file for this person alone', () => {
  const file = newFile();
  assert.deepEqual(readLog(file), { entries: [], unreadable: 0 });
  append(file, [{ kind: 'began', lesson: 'a', seed: 's' }]);
  append(file, [
    { kind: 'opened', lesson: 'a', step: 'one' },
    { kind: 'checked', lesson: 'a', step: 'one', passed: ['x'], failed: [], unknown: [] },
  ]);
  assert.deepEqual(
    readLog(file).entries.map(({ kind }) => kind),
    ['began', 'opened', 'checked'],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('cut at any byte, the file loses one entry at most, and the next one is read', () => {
  const file = newFile();
  append(file, [{ kind: 'began', lesson: 'a', seed: 's' }]);
  const whole = readFileSync(file);
  append(file, [{ kind: 'passed', lesson: 'a', step: 'one' }]);
  const longer = readFileSync(file);
  for (let length = whole.length; length <= longer.length; length++) {
    writeFileSync(file, longer.subarray(0, length));
    append(file, [{ kind: 'skipped', lesson: 'a', step: 'two' }]);
    const kinds = readLog(file).entries.map(({ kind }) => kind);
    assert.equal(kinds[0], 'began');
    assert.equal(kinds.at(-1), 'skipped');
    assert.ok(kinds.length >= 2);
  }
});

test('two shells that began the same file at once have written its first line twice, and that is no line of another', () => {
  const file = newFile();
  append(file, [{ kind: 'began', lesson: 'a', seed: 's' }]);
  const once = readFileSync(file, 'utf8');
  writeFileSync(file, once + once);
  const { entries, unreadable } = readLog(file);
  assert.deepEqual([entries.length, unreadable], [2, 0]);
});

test('lines of others are counted and left where they are', () => {
  const file = newFile();
  append(file, [{ kind: 'began', lesson: 'a', seed: 's' }]);
  appendFileSync(
    file,
    '{"kind":"of-a-later-version","id":"1","at":"2026-01-01T00:00:00.000Z"}\nnonsense\n{"kind":"passed"}\n',
  );
  append(file, [{ kind: 'passed', lesson: 'a', step: 'one' }]);
  assert.deepEqual([readLog(file).entries.length, readLog(file).unreadable], [2, 3]);
  assert.match(readFileSync(file, 'utf8'), /of-a-later-version.*\nnonsense/);
});

test('a foreign file and one of a newer version are refused, and can be kept aside', () => {
  const file = newFile();
  append(file, [{ kind: 'began', lesson: 'a', seed: 's' }]);
  writeFileSync(file, 'shopping list\n');
  assert.throws(
    () => readLog(file),
    (error: LabError) => error.kind === 'dataLoss',
  );
  const kept = setAside(file, new Date('2026-01-02T03:04:05.678Z'));
  assert.equal(kept, `${file}.2026-01-02T03-04-05-678Z.kept`);
  assert.equal(readFileSync(kept, 'utf8'), 'shopping list\n');
  writeFileSync(file, '{"schema":"tlab.progress","version":9}\n');
  assert.throws(
    () => readLog(file),
    (error: LabError) => error instanceof LabError && /version 9/.test(error.message),
  );
});

test('two logs of one person merge by union', () => {
  const [here, there] = [newFile(), newFile()];
  append(here, [{ kind: 'began', lesson: 'a', seed: 's' }], new Date('2026-01-01T00:00:00Z'));
  append(there, [{ kind: 'passed', lesson: 'b', step: 'late' }], new Date('2026-01-03T00:00:00Z'));
  append(there, [{ kind: 'passed', lesson: 'b', step: 'early' }], new Date('2026-01-02T00:00:00Z'));
  const added = missingFrom(readLog(here), readLog(there));
  assert.deepEqual(
    added.map((entry) => 'step' in entry && entry.step),
    ['early', 'late'],
  );
  assert.deepEqual(missingFrom(readLog(there), readLog(there)), []);
});

test('it lies where the person’s state lies', () => {
  assert.equal(progressFile({ XDG_STATE_HOME: '/home/ann/state' }), '/home/ann/state/tlab/progress.jsonl');
  assert.equal(progressFile({ TLAB_PROGRESS: '/else/where' }), '/else/where');
  const own = join(homedir(), '.local/state/tlab/progress.jsonl');
  for (const none of ['', 'state', './state'])
    assert.equal(progressFile({ XDG_STATE_HOME: none, TLAB_PROGRESS: '' }), own);
});

const shape = { predictions: [{ id: 'p' }, { id: 'q' }] };
const at = '2026-01-01T00:00:00.000Z';
const of = (...kinds: object[]): Entry[] =>
  kinds.map((one, i) => ({ id: `${i}`, at, lesson: 'a', step: 's', ...one }) as Entry);
const stateAfter = (...kinds: object[]) =>
  stepProgress(
    shape,
    lessonLogs(of(...kinds))
      .get('a')
      ?.steps.get('s') as never,
  );
const p = { kind: 'predicted', prediction: 'p', answer: '1', isRight: false };
const q = { ...p, prediction: 'q', isRight: true };

test('a step is predicted, done, passed; the first answer counts; only a reset takes a pass back', () => {
  assert.equal(stateAfter({ kind: 'opened' }).state, 'predicting');
  assert.equal(stateAfter(p, { ...p, isRight: true }).state, 'predicting', 'one prediction twice is one');
  const done = stateAfter(p, { ...p, isRight: true }, q);
  assert.deepEqual([done.state, ...done.predictions], ['doing', ['p', false], ['q', true]]);
  const failed = { kind: 'checked', passed: ['x'], failed: ['y'], unknown: [] };
  const helped = stateAfter(p, q, failed, { kind: 'hinted', rung: 2 }, { kind: 'hinted', rung: 1 }, failed);
  assert.deepEqual([helped.state, helped.tries, helped.rung, ...helped.passedChecks], ['doing', 2, 2, 'x']);
  assert.equal(stateAfter(p, q, { kind: 'passed' }, failed, { kind: 'skipped' }).state, 'passed');
  assert.equal(stateAfter(p, q, { kind: 'passed' }, { kind: 'reset' }).state, 'predicting');
  assert.equal(stateAfter(p, q, { kind: 'passed' }, { kind: 'reset' }).tries, 0);
  assert.equal(stateAfter({ kind: 'skipped' }, { kind: 'passed' }).state, 'passed');
});

test('checks that could tell nothing are no try; one that failed is, whatever else could not be told', () => {
  const untold = { kind: 'checked', passed: ['x'], failed: [], unknown: ['y'] };
  assert.equal(stateAfter(p, q, untold, untold).tries, 0);
  assert.equal(stateAfter(p, q, untold, { ...untold, failed: ['z'] }).tries, 1);
  assert.deepEqual([...stateAfter(p, q, untold).passedChecks], ['x']);
});

test('a lesson that has got another prediction takes no pass back', () => {
  assert.equal(stateAfter(p, { kind: 'passed' }).state, 'passed', 'q is new');
  assert.equal(stateAfter({ ...p, prediction: 'gone' }, p).state, 'predicting', 'one that is gone is no answer');
});

test('the lesson to go on with is the one that the log has last, wherever the clock was', () => {
  const opened = (lesson: string, when: string) => ({ kind: 'opened', lesson, at: when });
  const lessons = ['a', 'b'].map((id) => ({ id, steps: [{ id: 's', predictions: [] }] }));
  const log = of(opened('a', '2030-01-01T00:00:00.000Z'), opened('b', at));
  assert.equal(currentLesson(lessons, lessonLogs(log))?.id, 'b');
  assert.equal(currentLesson(lessons, lessonLogs([]))?.id, 'a');
});

test('the step to go on with is the first that is neither passed nor skipped', () => {
  const steps = ['s', 't', 'u'].map((id) => ({ id, predictions: [] }));
  const current = (...kinds: object[]) => currentStep(steps, lessonLogs(of(...kinds)).get('a'))?.id;
  assert.equal(current(), 's');
  assert.equal(current({ kind: 'passed' }), 't');
  assert.equal(current({ kind: 'passed' }, { kind: 'skipped', step: 't' }), 'u');
  assert.equal(current({ kind: 'passed' }, { kind: 'passed', step: 't' }, { kind: 'passed', step: 'u' }), undefined);
});
