// The notes of a learner as Markdown: of each lesson that was begun its commands, debriefs, questions and answers, and the learner's own notes.
// Rule: only what was shown is in it, so that no step that is still to be done gives its solution away.
import { printable } from '../../base/text.ts';
import type { Lesson, Step } from '../format/load.ts';
import type { Entry } from '../progress/log.ts';
import type { LessonLog } from '../progress/state.ts';
import { isOver, stepProgress } from '../progress/state.ts';

export interface NoteSources {
  /** With this attempt's values in them. */
  lessons: ReadonlyArray<{ lesson: Lesson; log: LessonLog }>;
  entries: readonly Entry[];
}

export function notesOf({ lessons, entries }: NoteSources): string {
  const own = entries.flatMap((entry) => (entry.kind === 'noted' ? [entry] : []));
  const parts = lessons.map(({ lesson, log }) => lessonNotes(lesson, log, own));
  const loose = own.filter(({ lesson }) => !lessons.some((one) => one.lesson.id === lesson));
  return [
    '# Notes',
    ...parts.filter((part) => part !== ''),
    ...(loose.length > 0 ? [`## Other notes\n\n${loose.map(noteLine).join('\n')}`] : []),
    ...interviewNotes(entries),
    '',
  ].join('\n\n');
}

type Noted = Extract<Entry, { kind: 'noted' }>;
const noteLine = ({ at, text }: Noted): string =>
  `- ${at.slice(0, 10)}: ${text.split('\n').map(printable).join('\n  ')}`;

function lessonNotes(lesson: Lesson, log: LessonLog, own: readonly Noted[]): string {
  const over = lesson.steps.filter((step) => isOver(stepProgress(step, log.steps.get(step.id))));
  const notes = own.filter((note) => note.lesson === lesson.id);
  if (over.length === 0 && notes.length === 0) return '';
  return [
    `## ${lesson.title}`,
    ...over.map((step) => stepNotes(step, log)),
    ...(notes.length > 0 ? [`### Own notes\n\n${notes.map(noteLine).join('\n')}`] : []),
  ].join('\n\n');
}

function stepNotes(step: Step, log: LessonLog): string {
  const predicted = (log.steps.get(step.id) ?? []).flatMap((entry) => (entry.kind === 'predicted' ? [entry] : []));
  const answers = predicted.flatMap(({ prediction, isRight }) => {
    const asks = step.predictions.find(({ id }) => id === prediction)?.asks;
    return asks === undefined ? [] : [`- ${asks} ${isRight ? 'Predicted right.' : 'Predicted wrong.'}`];
  });
  const questions = step.interview.map(
    ({ id, asks, points }) => `**${asks}** (${id})\n\n${points.map(({ says }) => `- ${says}`).join('\n')}`,
  );
  return [
    `### ${step.title}`,
    ...(step.solve === '' ? [] : [`\`\`\`sh\n${step.solve}\n\`\`\``]),
    ...(answers.length > 0 ? [answers.join('\n')] : []),
    ...(step.why === '' ? [] : [step.why]),
    ...questions,
  ].join('\n\n');
}

function interviewNotes(entries: readonly Entry[]): string[] {
  const held = entries.flatMap((entry) => (entry.kind === 'interviewed' ? [entry] : []));
  if (held.length === 0) return [];
  const lines = held.map(
    ({ at, entry, said, missed }) =>
      `- ${at.slice(0, 10)} ${entry}: ${said.length} of ${said.length + missed.length} points${missed.length > 0 ? `; missed: ${missed.join('; ')}` : ''}`,
  );
  return [`## Interviews\n\n${lines.join('\n')}`];
}
