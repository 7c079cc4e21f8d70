// An interview: question, own answer, key points ticked, each with the event that proves it, a follow-up on the gaps; against the clock.
// Rule: each question is kept when it is done, so that a stop loses the one that is open and nothing else.

import { find, quoteOf } from '../../lesson/check/trace.ts';
import type { Learner } from '../../lesson/course.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import type { Interview } from '../../lesson/format/schema.ts';
import { isSaid } from '../../lesson/interview/match.ts';
import { answersOf, type Invitation } from '../../lesson/interview/report.ts';
import type { Recordings } from '../../lesson/quiz/cards.ts';
import { Interrupted, type Prompter } from '../prompt/prompter.ts';

export interface InterviewQuestion {
  lesson: Lesson;
  question: Interview;
}

interface Room {
  prompter: Prompter;
  learner: Learner;
  recording: Recordings;
  now: () => number;
}

/** Asks until the questions or the time are over. Returns whether it was stopped by the person. */
export async function holdInterview(
  invitation: Invitation,
  questions: ReadonlyMap<string, InterviewQuestion>,
  room: Room,
): Promise<boolean> {
  const { session, minutes } = invitation;
  const before = answersOf(room.learner.entries, session);
  const done = new Set(before.map(({ entry }) => entry));
  let leftSeconds = minutes * 60 - before.reduce((sum, { seconds }) => sum + seconds, 0);
  const open = invitation.questions.flatMap((id) => (done.has(id) ? [] : (questions.get(id) ?? [])));
  for (const [at, one] of open.entries()) {
    if (leftSeconds <= 0) break;
    room.prompter.tell(
      'title',
      `Question ${done.size + at + 1} of ${invitation.questions.length}, ${clock(leftSeconds)} left`,
    );
    const began = room.now();
    const answer = await answered(one, room).catch((error) => {
      if (!(error instanceof Interrupted)) throw error;
      return undefined;
    });
    if (answer === undefined) return true;
    const seconds = Math.round((room.now() - began) / 1000);
    leftSeconds -= seconds;
    room.learner.record([{ kind: 'interviewed', session, entry: one.question.id, ...answer, seconds }]);
  }
  room.learner.record([{ kind: 'ended', session }]);
  if (leftSeconds <= 0) room.prompter.tell('note', 'The time is over.');
  return false;
}

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

interface Answer {
  answer: string;
  said: string[];
  missed: string[];
}

const stopKey = [{ key: 'q', says: 'stop, with the report' }];

async function answered({ lesson, question }: InterviewQuestion, room: Room): Promise<Answer | undefined> {
  const { prompter } = room;
  const reply = await prompter.ask({
    id: question.id,
    asks: [question.asks],
    choices: [],
    form: 'lines',
    how: 'your answer, an empty line ends it; only Enter when you said it aloud',
    keys: stopKey,
  });
  if (reply.kind === 'key') return undefined;
  const said = await ticked(question.points, reply.text, { ...room, lesson });
  if (said === undefined) return undefined;
  const followed = await followUp(question, said, { ...room, lesson });
  if (followed === undefined) return undefined;
  const missed = question.points.map(({ says }) => says).filter((says) => !followed.said.has(says));
  prompter.tell('note', '');
  return {
    answer: [reply.text, followed.answer].filter((text) => text !== '').join('\n'),
    said: [...followed.said],
    missed,
  };
}

type Point = Interview['points'][number];

/** Proposes by words, shows what proves each, and takes what the person says. */
async function ticked(
  points: readonly Point[],
  answer: string,
  { prompter, recording, lesson }: Room & { lesson: Lesson },
): Promise<Set<string> | undefined> {
  const proposed = points.map(({ says }) => isSaid(says, answer));
  prompter.tell('text', 'The key points:');
  for (const [i, point] of points.entries()) {
    prompter.tell('text', `${i + 1}. ${point.says}`, proposed[i] ? '[x]' : '[ ]');
    const proof = await proofOf(point, lesson, recording);
    if (proof !== undefined) prompter.tell('evidence', proof);
    else if (point.check !== undefined) prompter.tell('evidence', `check ${lesson.id}/${point.check}`);
  }
  const marked = proposed.flatMap((isIn, i) => (isIn ? [i + 1] : []));
  const how = `Enter: as marked (${marked.join(' ') || 'none'}); else the numbers of those that you said, or 0 for none`;
  const reply = await prompter.ask({
    id: 'points',
    asks: ['Which of them did you say?'],
    choices: [],
    form: 'text',
    how,
    keys: stopKey,
  });
  if (reply.kind === 'key') return undefined;
  const numbers = reply.text === '' ? marked : (reply.text.match(/\d+/g) ?? []).map(Number);
  return new Set(points.flatMap(({ says }, i) => (numbers.includes(i + 1) ? [says] : [])));
}

/** Its first event, quoted. */
async function proofOf(point: Point, lesson: Lesson, recording: Recordings): Promise<string | undefined> {
  const path = point.trace ?? lesson.trace;
  const trace = point.proof === undefined || path === undefined ? undefined : await recording(path);
  if (trace === undefined || point.proof === undefined) return undefined;
  const [event] = find(trace, point.proof);
  return event && quoteOf(trace, event);
}

/** One question on what was left out: the author's, or about the first gap. */
async function followUp(
  { points, followUps }: Interview,
  said: Set<string>,
  room: Room & { lesson: Lesson },
): Promise<{ said: Set<string>; answer: string } | undefined> {
  const gaps = points.filter(({ says }) => !said.has(says));
  const [gap] = gaps;
  if (gap === undefined) return { said, answer: '' };
  const own = followUps.find((text) => isSaid(gap.says, text));
  const asks =
    own ?? (followUps[0] !== undefined && gaps.length === points.length ? followUps[0] : gapQuestion(points, gap));
  const reply = await room.prompter.ask({
    id: 'follow-up',
    asks: [`Follow-up: ${asks}`],
    choices: [],
    form: 'lines',
    how: 'your answer, an empty line ends it; only Enter to go on',
    keys: stopKey,
  });
  if (reply.kind === 'key') return undefined;
  const found = gaps.filter(({ says }) => isSaid(says, reply.text)).map(({ says }) => says);
  for (const says of found) room.prompter.tell('good', says, '[x]');
  return { said: new Set([...said, ...found]), answer: reply.text };
}

/** The neighbours of a gap are what it is asked by. */
function gapQuestion(points: readonly Point[], gap: Point): string {
  const at = points.indexOf(gap);
  const [before, after] = [points[at - 1]?.says, points[at + 1]?.says];
  if (before !== undefined && after !== undefined) return `what is between "${before}" and "${after}"?`;
  return before !== undefined ? `and what follows "${before}"?` : `what comes before "${after ?? ''}"?`;
}
