// The quiz: its machine, cards made from lessons and recordings, the schedule that follows from evidence alone, placement, notes, word matching.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialTransition, transition } from 'xstate';
import { openCourse } from '../../src/lesson/course.ts';
import { isSaid } from '../../src/lesson/interview/match.ts';
import { openInvitation, reportOf } from '../../src/lesson/interview/report.ts';
import { grade } from '../../src/lesson/predict/grade.ts';
import type { Entry } from '../../src/lesson/progress/log.ts';
import { cardsAbout, cardsOf, topicsOf } from '../../src/lesson/quiz/cards.ts';
import { beginPlacement, isPlaced, middleOf, placed } from '../../src/lesson/quiz/place.ts';
import { type QuizEvent, quizMachine } from '../../src/lesson/quiz/quiz.machine.ts';
import { dueAt, ratingOf, scheduleOf } from '../../src/lesson/quiz/schedule.ts';
import { readTraceFile } from '../../src/trace/read.ts';

const root = new URL('../..', import.meta.url).pathname;
const { lessons } = openCourse(`${root}/lessons`);
const nginx = readTraceFile(`${root}/traces/run-nginx.jsonl`);
const recording = async (path: string) => (path === 'traces/run-nginx.jsonl' ? await nginx : undefined);
const cards = cardsOf(lessons, recording);

function play(events: QuizEvent[], questions = 2) {
  let [snapshot] = initialTransition(quizMachine, { questions });
  for (const event of events) [snapshot] = transition(quizMachine, snapshot, event);
  return snapshot;
}
const wrongThen = (canTryAgain: boolean): QuizEvent => ({ type: 'answer', isRight: false, canTryAgain });
const rightAnswer: QuizEvent = { type: 'answer', isRight: true, canTryAgain: true };

test('a question is tried, helped, told; the last one ends the row', () => {
  const once = play([{ type: 'hint' }, wrongThen(true), rightAnswer]);
  assert.deepEqual([once.value, once.context.tries, once.context.hints], ['right', 2, 1]);
  assert.equal(play([{ type: 'next' }]).value, 'asking', 'nothing goes on before a question is told');
  const second = play([wrongThen(false), { type: 'next' }]);
  assert.deepEqual([second.value, second.context.tries, second.context.wrong], ['asking', 0, 1]);
  assert.equal(play([rightAnswer, { type: 'next' }, rightAnswer, { type: 'next' }]).status, 'done');
  assert.equal(play([{ type: 'stop' }, rightAnswer]).value, 'stopped');
});

test('ids of cards are unique, and every form is among what can be asked', async () => {
  assert.equal(new Set(cards.map(({ id }) => id)).size, cards.length);
  const asked = await Promise.all(cards.map((card) => card.ask('one')));
  const forms = new Set(asked.flatMap((question) => question?.form ?? []));
  for (const form of ['order', 'value', 'who', 'missing', 'claim'] as const) assert.ok(forms.has(form), form);
});

test('every question has one right answer, which is graded right, and its evidence; the same seed asks the same', async () => {
  for (const card of cards) {
    const question = await card.ask('two');
    if (question === undefined) continue;
    assert.equal(grade(question, question.answer).isRight, true, card.id);
    assert.ok(question.tells.length > 0, `${card.id} shows nothing`);
    assert.deepEqual(await card.ask('two'), question);
    if (question.form !== 'order' && question.choices.length > 1) {
      const other = question.choices.findIndex((_, i) => String(i + 1) !== question.answer);
      assert.equal(grade(question, String(other + 1)).isRight, false, card.id);
    }
  }
});

test('no card asks who typed a line of a script; a claim that such a line proves shows the line', async () => {
  const recorded = cardsOf(lessons, (path) => readTraceFile(`${root}/${path}`));
  const asked = async (id: string) => await recorded.find((card) => card.id === id)?.ask('one');
  assert.equal(await asked('who/NET-11'), undefined);
  assert.equal(await asked('missing/KRN-15'), undefined);
  assert.equal((await asked('who/CTD-3'))?.form, 'who');
  assert.match((await asked('claim/STK-7'))?.tells[0] ?? '', /\$ stat .*runc +→ 0: \d+ bytes/);
});

test('what the kernel carries out is asked of the stage that asked for it, as the lessons do', async () => {
  const recorded = cardsOf(lessons, (path) => readTraceFile(`${root}/${path}`));
  for (const seed of ['one', 'two'])
    for (const card of recorded.filter(({ id }) => id.startsWith('who/'))) {
      const question = await card.ask(seed);
      assert.notEqual(question?.choices[Number(question.answer) - 1], 'kernel', `${card.id}: ${question?.asks}`);
    }
  const stageOf = async (id: string) => {
    const question = await recorded.find((card) => card.id === id)?.ask('one');
    return question?.choices[Number(question.answer) - 1];
  };
  assert.deepEqual(
    [await stageOf('who/NET-2'), await stageOf('who/KRN-8'), await stageOf('who/STO-3')],
    ['daemon', 'runc', 'shim'],
  );
});

test('an order is asked only where the recording has it as the answer tells it', async () => {
  const recorded = cardsOf(lessons, (path) => readTraceFile(`${root}/${path}`));
  const asked = async (id: string) => await recorded.find((card) => card.id === id)?.ask('one');
  for (const id of ['order/STK-1', 'order/STK-14', 'order/KRN-6', 'order/NET-1', 'order/REG-1'])
    assert.equal((await asked(id))?.form, 'order', id);
  for (const id of ['order/NET-2', 'order/REG-2']) assert.equal(await asked(id), undefined, id);
});

test('a point stands beside those of lessons that are not about the same, so that one answer alone is right', async () => {
  const pointsOf = (names: readonly string[]) =>
    lessons
      .filter(({ id }) => names.includes(id))
      .flatMap(({ steps }) => steps.flatMap(({ interview }) => interview.filter(({ id }) => id !== 'STK-2')))
      .flatMap(({ points }) => points.map(({ says }) => says));
  const related = new Set(pointsOf(['runtimes', 'owners', 'namespaces', 'without-daemon']));
  const card = cards.find(({ id }) => id === 'point/STK-2');
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    for (const choice of (await card?.ask(seed))?.choices ?? assert.fail()) assert.ok(!related.has(choice), choice);
});

test('a claim is asked as true and as false, answered in any spelling, and its reason is told', async () => {
  const card = cards.find(({ id }) => id === 'claim/STK-6');
  const questions = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((seed) => card?.ask(seed)));
  const [yes, no] = ['1', '2'].map((answer) => questions.find((question) => question?.answer === answer));
  assert.ok(yes !== undefined && no !== undefined);
  for (const spelling of ['true', 'T', 'yes', 'Y', '1']) assert.equal(grade(yes, spelling).isRight, true, spelling);
  for (const spelling of ['false', 'f', 'No', 'n', '2']) assert.equal(grade(no, spelling).isRight, true, spelling);
  assert.match(grade(no, 'true').reply, /shim/);
});

test('a topic is an entry, an area, a lesson or a folder; an unknown one has no card', () => {
  const ids = (topic: string) => cardsAbout(cards, lessons, topic).map(({ id }) => id);
  assert.ok(ids('STK-1').includes('order/STK-1'));
  assert.ok(ids('stk').length >= ids('STK-1').length);
  assert.ok(ids('one-run').includes('predict/one-run/who/hops'));
  assert.ok(ids('stack').includes('predict/one-run/who/hops'));
  assert.deepEqual(ids('nothing'), []);
  assert.ok(topicsOf(lessons).includes('STK') && topicsOf(lessons).includes('stack'));
});

const at = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
let count = 0;
const entry = (day: number, rest: object): Entry => ({ id: String(count++), at: at(day), ...rest }) as Entry;
const reviewed = (day: number, card: string, rating: number): Entry =>
  entry(day, { kind: 'reviewed', card, isRight: rating > 1, tries: 1, hints: 0, seconds: 5, rating });

test('the rating follows from right, tries, hints and time', () => {
  const base = { isRight: true, tries: 1, hints: 0, seconds: 5 };
  assert.equal(ratingOf(base), 4);
  assert.equal(ratingOf({ ...base, seconds: 40 }), 3);
  assert.equal(ratingOf({ ...base, seconds: 200 }), 2);
  assert.equal(ratingOf({ ...base, tries: 2 }), 2);
  assert.equal(ratingOf({ ...base, hints: 1 }), 2);
  assert.equal(ratingOf({ ...base, isRight: false }), 1);
});

test('what was known comes back later than what was not, and later each time', () => {
  const [again, good] = scheduleOf([reviewed(0, 'good', 3), reviewed(0, 'again', 1)]);
  assert.deepEqual([again?.card, good?.card], ['again', 'good']);
  assert.ok((again?.due ?? 0) < (good?.due ?? 0));
  const [twice] = scheduleOf([reviewed(0, 'good', 3), reviewed(3, 'good', 3)]);
  assert.ok((twice?.due.getTime() ?? 0) - Date.parse(at(3)) > (good?.due.getTime() ?? 0) - Date.parse(at(0)));
  assert.deepEqual(dueAt([...(again ? [again] : [])], new Date(at(0))), []);
  assert.equal(dueAt([...(again ? [again] : [])], new Date(at(30))).length, 1);
});

test('a clock that was set back, and a log that another was merged into, are in the order of their times', () => {
  const inOrder = scheduleOf([reviewed(0, 'x', 3), reviewed(40, 'x', 3)]);
  assert.deepEqual(scheduleOf([reviewed(40, 'x', 3), reviewed(0, 'x', 3)]), inOrder);
});

test('a step that was passed with the solution shown comes back before one that was passed alone', () => {
  const step = (name: string) => ({ lesson: 'l', step: name });
  const scheduled = scheduleOf([
    entry(0, { kind: 'hinted', ...step('shown'), rung: 4 }),
    entry(0, { kind: 'passed', ...step('shown') }),
    entry(0, { kind: 'checked', ...step('alone'), passed: ['a'], failed: [], unknown: [] }),
    entry(0, { kind: 'passed', ...step('alone') }),
  ]);
  assert.deepEqual(
    scheduled.map(({ card }) => card),
    ['step/l/shown', 'step/l/alone'],
  );
});

test('placement: two right answers pass a lesson and those before it, a wrong one does not; ten questions at most', () => {
  let placement = beginPlacement(8);
  const known = 5;
  while (!isPlaced(placement)) placement = placed(placement, middleOf(placement) < known);
  assert.deepEqual([placement.low, placement.asked <= 10], [known, true]);
  let none = beginPlacement(40);
  while (!isPlaced(none)) none = placed(none, false);
  assert.equal(none.low, 0);
  let all = beginPlacement(40);
  while (!isPlaced(all)) all = placed(all, true);
  assert.equal(all.asked, 10);
});

test('a point is found in an answer in other words of the same stems, and not in any answer', () => {
  const point = 'the shim executes the OCI runtime with a bundle';
  assert.equal(isSaid(point, 'then a shim, executing runc, the runtime, passes the bundle'), true);
  assert.equal(isSaid(point, 'the daemon answers'), false);
  assert.equal(isSaid(point, ''), false);
});

test('the report of an interview names weak hops and drills, and one that was stopped is open', () => {
  const invitation = { session: 's', minutes: 10, questions: ['STK-1', 'STK-6'], seed: 'x' };
  const entries = [
    entry(0, { kind: 'invited', ...invitation }),
    entry(0, {
      kind: 'interviewed',
      session: 's',
      entry: 'STK-1',
      answer: '',
      said: ['a'],
      missed: ['b'],
      seconds: 60,
    }),
  ];
  assert.equal(openInvitation(entries)?.session, 's');
  const report = reportOf(invitation, entries, lessons, () => 'shim');
  assert.deepEqual([report.asked, report.open, report.said, report.points], [1, 1, 1, 2]);
  assert.deepEqual(report.weakHops, [{ hop: 'shim', missed: 1 }]);
  assert.deepEqual(report.drills, ['tlab quiz STK-1', 'tlab prove STK-1']);
  assert.equal(openInvitation([...entries, entry(1, { kind: 'ended', session: 's' })]), undefined);
});
