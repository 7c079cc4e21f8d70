// Proofs of entries by replay: every one that a lesson covers holds, a proof that finds nothing is told, what asks the machine is live only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syllabus } from '../../src/explain/syllabus.ts';
import { openCourse } from '../../src/lesson/course.ts';
import type { Lesson } from '../../src/lesson/format/load.ts';
import { isProved, isShown, proveEntry, type Sources } from '../../src/lesson/prove/entry.ts';
import { entries } from '../../src/lesson/rows/entries.ts';
import type { Trace } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';

const root = new URL('../..', import.meta.url).pathname;
const { lessons, broken } = openCourse(`${root}/lessons`);
const read = new Map<string, Promise<Trace>>();
const recording: Sources['recording'] = (path) => {
  const trace = read.get(path) ?? readTraceFile(`${root}/${path}`);
  read.set(path, trace);
  return trace;
};

test('every entry of the course has its row, and every row its entry', () => {
  assert.deepEqual(Object.keys(entries).sort(), Object.keys(syllabus).sort());
});

test('every covered entry is proved by replay: no proof finds nothing, and some event shows it', async () => {
  assert.deepEqual(broken, []);
  for (const id of new Set(lessons.flatMap(({ covers }) => covers))) {
    const proof = await proveEntry(lessons, id, { recording });
    assert.ok(isProved(proof), `${id}: ${JSON.stringify(proof.questions)}`);
    const points = proof.questions.flatMap((question) => question.points);
    assert.ok(isShown(proof) && points.some(({ events }) => events.length > 0), `${id}: ${JSON.stringify(points)}`);
  }
});

test('a key point shows the events that prove it; one whose proof finds nothing is not shown', async () => {
  const { questions } = await proveEntry(lessons, 'STK-1', { recording });
  const [first] = questions[0]?.points ?? [];
  assert.equal(first?.state, 'shown');
  assert.match(first?.shows[0] ?? '', /^event \d+ \(daemon\): /);
  const wrong = structuredClone(lessons.filter(({ id }) => id === 'one-run')) as Lesson[];
  for (const point of wrong[0]?.steps.flatMap((step) => step.interview.flatMap(({ points }) => points)) ?? [])
    if (point.proof !== undefined) point.proof = 'name=reboot';
  const proof = await proveEntry(wrong, 'STK-1', { recording });
  assert.equal(isProved(proof), false);
  assert.deepEqual(proof.questions[0]?.points[0]?.shows, ['no event name=reboot']);
});

test('what a line of a script came to is shown with the line', async () => {
  const { questions } = await proveEntry(lessons, 'STK-7', { recording });
  assert.match(questions[0]?.points[0]?.shows[0] ?? '', /^event \d+ \(cli\): \$ stat .*runc +→ 0: \d+ bytes/);
});

test('what a check shows is live only by replay, and as the engine says when it is live', async () => {
  const states = async (sources: Sources) =>
    (await proveEntry(lessons, 'STO-3', sources)).questions.flatMap(({ points }) => points.map(({ state }) => state));
  assert.ok((await states({ recording })).includes('live only'));
  const live = (state: 'passed' | 'failed') => async () =>
    new Map(
      lessons
        .flatMap(({ steps }) => steps.flatMap(({ checks }) => checks))
        .map(({ id }) => [id, { state, saw: 'it', wanted: 'it' }] as const),
    );
  assert.ok((await states({ recording, live: live('passed') })).includes('shown'));
  assert.ok((await states({ recording, live: live('failed') })).includes('not shown'));
  // A point that has both: the recording by replay, the machine when it is live.
  const both = async (sources: Sources) => (await proveEntry(lessons, 'KRN-1', sources)).questions[0]?.points[0]?.by;
  assert.match((await both({ recording })) ?? '', /^traces\//);
  assert.match((await both({ recording, live: live('passed') })) ?? '', /^check namespaces\//);
});
