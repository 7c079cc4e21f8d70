// What a learner does without engine and root, through the program: questions from a pipe and in JSON, an interview that is stopped and gone on
// with, a foreign progress file, what this host cannot show, the first screen.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { syllabus } from '../../src/explain/syllabus.ts';
import { loadCourse } from '../../src/lesson/format/load.ts';
import { outlineCourse } from '../../src/lesson/outline.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';

const lessonsRoot = new URL('../../lessons', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'learner-'));
after(() => rmSync(folder, { recursive: true }));
const env = {
  TLAB_RUN_ROOT: join(folder, 'run'),
  TLAB_DATA_ROOT: join(folder, 'data'),
  XDG_CONFIG_HOME: join(folder, 'config'),
  TLAB_PROGRESS: join(folder, 'progress.jsonl'),
  NO_COLOR: '1',
};
const tlab = (args: string[], input = '', more: Record<string, string> = {}) =>
  run(tlabProgram, args, { env: { ...env, ...more }, input, timeoutMs: 60_000 });

test('the outline says what the loaded course says', () => {
  const whole = loadCourse(lessonsRoot).flatMap(({ lesson }) => lesson ?? []);
  const outlined = whole.map(({ id, title, steps, folder: where }) => ({
    ...{ id, title, folder: where },
    steps: steps.map((step) => ({
      id: step.id,
      title: step.title,
      predictions: step.predictions.map((one) => ({ id: one.id })),
    })),
  }));
  assert.deepEqual(outlineCourse(lessonsRoot), outlined);
});

test('the first screen says where to begin, and names plain mode', async () => {
  const { stdout, status } = await tlab([], '', { TLAB_PROGRESS: join(folder, 'none.jsonl') });
  assert.match(stdout, /Next: What one run does, step 1 of 3/);
  assert.match(stdout, /--accessible/);
  assert.equal(status, 0);
});

test('a quiz from a pipe: an unreadable answer counts as nothing, a wrong one may be tried once more, the end is no loss', async () => {
  const { stdout, status } = await tlab(['quiz', 'STK-6', '-n', '2', '--seed', 'a'], 'nonsense 99\nh\ns\n');
  assert.match(stdout, /Question 1 of 2/);
  assert.match(stdout, /ANSWER {2}/);
  assert.match(stdout, /1 right|0 of 1 right/);
  assert.equal(status, 5);
  const log = readFileSync(env.TLAB_PROGRESS, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    log.filter(({ kind }) => kind === 'reviewed').map(({ rating }) => rating),
    [1],
  );
});

test('in JSON every line is a document, and the last one is the result', async () => {
  const { stdout } = await tlab(['quiz', 'STK', '-n', '1', '--seed', 'b', '--json'], '{"answer": "1"}\n1\n');
  const documents = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(documents.some(({ type }) => type === 'ask'));
  assert.equal(documents.at(-1).schema, 'tlab.quiz/1');
});

test('an interview that is stopped ends in its report with status 5, and is gone on with', async () => {
  const answer =
    'the cli asks the daemon over http on a unix socket, and the daemon asks containerd over grpc\n\n\nnothing\n\n';
  const stopped = await tlab(['interview', 'stack', '--minutes', '5', '--seed', 'x'], `${answer}q\n`);
  assert.match(stopped.stdout, /Report of a stopped interview\n1 of \d+ questions/);
  assert.match(stopped.stdout, /Next: tlab /);
  assert.equal(stopped.status, 5);
  const { stdout, status } = await tlab(['interview', '--resume', '--json'], 'q\n');
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  assert.deepEqual([report.schema, report.asked, status], ['tlab.interview/1', 1, 5]);
  assert.equal((await tlab(['interview', 'no-such-topic'])).status, 1);
});

test('a progress file of another program is kept aside, and said; nothing of it is lost', async () => {
  const file = join(folder, 'foreign.jsonl');
  writeFileSync(file, 'not a log\n');
  const { stderr, status } = await tlab(['list'], '', { TLAB_PROGRESS: file });
  assert.match(stderr, /kept as .*foreign\.jsonl\..*\.kept/);
  assert.equal(status, 0);
  const kept = readdirSync(folder).find((name) => name.startsWith('foreign.jsonl.') && name.endsWith('.kept'));
  assert.equal(readFileSync(join(folder, kept ?? ''), 'utf8'), 'not a log\n');
});

test('the first screen says what is the matter with a progress file, and what cannot be written names the way out', async () => {
  const file = join(folder, 'matter.jsonl');
  writeFileSync(file, '{"schema":"tlab.progress","version":9}\n');
  assert.match(
    (await tlab([], '', { TLAB_PROGRESS: file })).stdout,
    /version 9, this tlab reads up to 1;\sto go on:\suse/,
  );
  writeFileSync(file, '{"schema":"tlab.progress","version":1}\n{"id":"x"\n');
  assert.match((await tlab([], '', { TLAB_PROGRESS: file })).stdout, /1\sline\sis\sno\sentry\sand\sstays\sas\sit\sis/);
  const below = join(file, 'below.jsonl');
  assert.match((await tlab(['notes', 'add', 'x'], '', { TLAB_PROGRESS: below })).stderr, /try: set TLAB_PROGRESS to/);
  const half = await run('sh', ['-c', `${tlabProgram} | true`], { env: { ...env, TLAB_PROGRESS: file } });
  assert.doesNotMatch(half.stderr, /EPIPE/);
});

test('what is due of a lesson that is gone is said to be so, and a note moves no cursor', async () => {
  const file = join(folder, 'gone.jsonl');
  const at = '2026-01-01T00:00:00.000Z';
  const entries = [
    { id: 'a', at, kind: 'reviewed', card: 'gone', isRight: true, tries: 1, hints: 0, seconds: 1, rating: 3 },
    { id: 'b', at, kind: 'passed', lesson: 'gone', step: 'gone' },
    { id: 'c', at, kind: 'noted', text: 'first\n\u001b[2Jsecond' },
  ];
  const head = { schema: 'tlab.progress', version: 1 };
  writeFileSync(file, `${[head, ...entries].map((one) => JSON.stringify(one)).join('\n')}\n`);
  const { stdout, status } = await tlab(['review'], '', { TLAB_PROGRESS: file });
  assert.match(stdout, /nothing is in this course any more/);
  assert.doesNotMatch(stdout, /--again gone/);
  assert.equal(status, 0);
  assert.match((await tlab(['notes'], '', { TLAB_PROGRESS: file })).stdout, /: first\n {2}\\x1b\[2Jsecond$/m);
});

test('what this host cannot show is said with how to get it; the lesson goes on, on a recording', async () => {
  const progress = { TLAB_PROGRESS: join(folder, 'replay.jsonl') };
  assert.equal((await tlab(['learn', 'one-run', '--way', 'simulated'], '', progress)).status, 1);
  const { stdout, status } = await tlab(['learn', 'one-run', '--way', 'replay'], '', progress);
  assert.match(stdout, /^On the recording traces\/run-nginx\.jsonl: nothing is run here\.$/m);
  assert.equal(status, 0);
  const checked = await tlab(['check', '--json'], '', progress);
  const { way, checks } = JSON.parse(checked.stdout);
  assert.equal(way, 'replay');
  assert.ok(
    checks.every(
      ({ state, wanted }: Record<string, string>) => state === 'unknown' && /^on an engine: /.test(wanted ?? ''),
    ),
  );
});

test('what cannot be told for want of an engine is status 3, and no try of the learner', root(), async () => {
  const progress = { TLAB_PROGRESS: join(folder, 'untold.jsonl') };
  const { stdout, status } = await tlab(['check', 'one-run', '--json'], '', progress);
  const { verdict, isPassed, checks } = JSON.parse(stdout);
  assert.deepEqual([verdict, isPassed, checks[0].state, status], ['unknown', false, 'unknown', 3]);
  const told = await tlab(['check', 'one-run'], '', progress);
  assert.match(told.stdout, /^CANNOT TELL {2}the container .* runs$/m);
  assert.match(told.stdout, /tlab system status/);
  assert.equal((await tlab(['next', 'one-run'], '', progress)).status, 3);
});

test('a lesson that is broken is told, and the next one is gone on with; of the others a command reads outlines only', async () => {
  const lessons = join(folder, 'broken');
  for (const name of ['one', 'two']) {
    const made = await tlab(['lesson', 'new', name, '--topic', '01-own', '--covers', 'KRN-4', '--folder', lessons]);
    const text = readFileSync(made.stdout.trim(), 'utf8').replaceAll('TODO', 'written');
    writeFileSync(made.stdout.trim(), name === 'one' ? text.replace('level: 2', 'level: many') : text);
  }
  const own = { TLAB_LESSONS: lessons, TLAB_PROGRESS: join(folder, 'broken.jsonl') };
  const learn = await tlab(['learn', '--way', 'replay'], '', own);
  assert.match(learn.stderr, /lesson left out: .*01-one\/lesson\.md:6:8/);
  assert.match(learn.stdout, /two\/first/);
  assert.match((await tlab(['learn', 'one'], '', own)).stderr, /lesson "one": no such lesson, there are two/);
});

test('on a recording nothing is run: not when a lesson is done there, and not when it is taken again', async () => {
  const lessons = join(folder, 'recorded');
  mkdirSync(join(lessons, '01-own/01-one'), { recursive: true });
  const track = join(folder, 'track');
  const header = [
    'format: 1',
    'id: one',
    'title: One',
    'covers: []',
    'level: 1',
    'minutes: 1',
    'teardown: touch $TRACK',
  ];
  const steps = ['# One', 'Read.', '## First {#first}', 'Read this.', '## Second {#second}', 'And this.'];
  writeFileSync(join(lessons, '01-own/01-one/lesson.md'), ['---', ...header, '---', ...steps, ''].join('\n'));
  const own = { TLAB_LESSONS: lessons, TLAB_PROGRESS: join(folder, 'recorded.jsonl'), TRACK: track };
  const done = async (): Promise<void> => {
    assert.equal((await tlab(['next', 'one', '--way', 'replay'], '', own)).status, 0);
    assert.match((await tlab(['skip', 'one'], '', own)).stdout, /^Skipped one\/second/);
  };
  await done();
  assert.equal((await tlab(['review', '--again', 'one/second'], '', own)).status, 0);
  assert.match((await tlab(['skip', 'one'], '', own)).stdout, /^Skipped one\/second/);
  assert.equal((await tlab(['next', 'one', '--way', 'replay'], '', own)).status, 1, 'it is done');
  assert.equal((await tlab(['reset', 'one'], '', own)).status, 0);
  assert.equal((await tlab(['learn', 'one', '--way', 'replay'], '', own)).status, 0);
  assert.equal((await tlab(['reset', 'one'], '', own)).status, 0);
  assert.equal(existsSync(track), false);
});

test('who asks for help before the predictions is told to make them first', async () => {
  const fresh = { TLAB_PROGRESS: join(folder, 'hint.jsonl') };
  assert.equal((await tlab(['skip', 'one-run'], '', fresh)).status, 0);
  const { stderr, status } = await tlab(['hint', 'one-run'], '', fresh);
  assert.match(stderr, /step "who" asks for predictions first\ntry: tlab learn/);
  assert.equal(status, 1);
});

test('a step whose text has changed since it was passed is told, and its pass stays', async () => {
  const lessons = join(folder, 'changing');
  const made = await tlab(['lesson', 'new', 'one', '--topic', '01-own', '--covers', 'KRN-4', '--folder', lessons]);
  const text = readFileSync(made.stdout.trim(), 'utf8').replaceAll('TODO', 'written');
  writeFileSync(made.stdout.trim(), text);
  const own = { TLAB_LESSONS: lessons, TLAB_PROGRESS: join(folder, 'changing.jsonl') };
  assert.equal((await tlab(['next', '--way', 'replay'], '', own)).status, 0);
  const before = await tlab(['list'], '', own);
  assert.doesNotMatch(before.stderr, /Changed/);
  writeFileSync(made.stdout.trim(), text.replace('## ', 'More.\n\n## '));
  assert.doesNotMatch((await tlab(['list'], '', own)).stderr, /Changed/, 'its step is the same');
  writeFileSync(made.stdout.trim(), text.replace(/^(## .*)$/m, '$1\n\nAnother text.'));
  const after = await tlab(['list'], '', own);
  assert.match(after.stderr, /^Changed since you passed: one\/first\.\s.*tlab\sreset\sone\/first$/ms);
  assert.equal(after.stdout, before.stdout);
});

test('a step whose earlier ones are open is not done again', async () => {
  const fresh = { TLAB_PROGRESS: join(folder, 'again.jsonl') };
  const { stderr, status } = await tlab(['review', '--again', 'one-run/who'], '', fresh);
  assert.match(stderr, /step "who" of lesson "one-run" is not reached: "start" is open\ntry: tlab learn one-run/);
  assert.equal(status, 1);
});

test('a proof is shown by replay, and an entry that no lesson covers is planned', async () => {
  const proof = await tlab(['prove', 'stk-1']);
  assert.match(proof.stdout, /^SHOWN {6}the CLI asks the daemon/m);
  const covered = new Set(loadCourse(lessonsRoot).flatMap(({ lesson }) => lesson?.covers ?? []));
  const [open] = Object.keys(syllabus).filter((id) => !covered.has(id));
  if (open !== undefined) {
    const planned = await tlab(['prove', open, '--json']);
    assert.deepEqual([JSON.parse(planned.stdout).planned, planned.status], [open, 1]);
  }
  assert.match((await tlab(['prove', 'STK-99'])).stderr, /no such entry of the course.*try: tlab prove STK-/s);
});

test('plain mode and other settings are kept, named with their reason, and refused when unknown', async () => {
  await tlab(['accessibility', '--set', 'plain=on']);
  assert.match((await tlab(['accessibility'])).stdout, /^plain: on \(asked for/m);
  const bad = await tlab(['accessibility', '--set', 'plain=maybe']);
  assert.match(bad.stderr, /expected plain=on\|off/);
  assert.equal(bad.status, 2);
});

test('a new lesson lints but for what is to be written', async () => {
  const lessons = join(folder, 'lessons');
  const made = await tlab(['lesson', 'new', 'first', '--topic', '01-own', '--covers', 'KRN-4', '--folder', lessons]);
  assert.equal(made.status, 0, made.stderr);
  const { stdout } = await tlab(['lesson', 'lint', lessons]);
  assert.match(made.stderr, /lesson lint .*\nand prove it: .* lesson test first/);
  const findings = stdout.split('\n').filter((line) => line.includes('lesson.md:'));
  assert.ok(findings.length > 5 && findings.every((line) => line.endsWith('TODO: still to be written')), stdout);
  const file = made.stdout.trim();
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('TODO', 'written'));
  assert.match((await tlab(['lesson', 'lint', lessons])).stdout, /1 lesson, 0 findings/);
  // A comma in brackets makes two of one question.
  const asks = /^ {2}asks: .*$/m;
  writeFileSync(file, readFileSync(file, 'utf8').replace(asks, '$&\n  followUps: [How long, and why?]'));
  const split = (await tlab(['lesson', 'lint', lessons])).stdout;
  assert.match(split, /interview KRN-4: "How long" is no question; in brackets, a comma ends one that is not quoted/);
});

test('colours are on or off by flag, by environment, by setting, in this order', async () => {
  const shown = async (args: string[], more: Record<string, string>): Promise<boolean> =>
    (await tlab([...args, 'accessibility', '--json'], '', more)).stdout.includes('"colour","now":"on"');
  assert.equal(await shown(['--color=always'], {}), true, 'beats NO_COLOR');
  assert.equal(await shown(['--color=never'], { NO_COLOR: '', FORCE_COLOR: '1' }), false, 'beats FORCE_COLOR');
  assert.equal(await shown(['--color=auto'], { NO_COLOR: '', FORCE_COLOR: '1' }), true);
  const wrong = await tlab(['--color=blue', 'list']);
  assert.match(wrong.stderr, /unknown flag: --color=blue/);
  assert.equal(wrong.status, 2);
});

test('a terminal of few columns is written to its own width', async () => {
  for (const columns of [34, 39]) {
    const { stdout } = await tlab([], '', { TLAB_PROGRESS: join(folder, 'narrow.jsonl'), COLUMNS: String(columns) });
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > columns),
      [],
    );
  }
});
