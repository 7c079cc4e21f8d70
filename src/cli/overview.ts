// `tlab` alone: where the learner stands, what is due, one line of keys. It asks the daemon for nothing and starts nothing: the first screen
// is there at once. Rule: no YAML, no schema of lessons, no recording is read for it.
import { paint } from '../base/colour.ts';
import { LabError } from '../base/errors.ts';
import { printable, wrap } from '../base/text.ts';
import { type LessonOutline, outlineCourse } from '../lesson/outline.ts';
import { type Entry, progressFile, readLog } from '../lesson/progress/log.ts';
import { currentLesson, currentStep, type LessonLog, lessonLogs } from '../lesson/progress/state.ts';
import { dueAt, scheduleOf } from '../lesson/quiz/schedule.ts';
import { counted } from './format/words.ts';
import { lessonsFolder } from './lesson/folder.ts';
import { print, terminalColumns } from './terminal.ts';

export async function overview(): Promise<number> {
  const width = Math.min(terminalColumns(), 90);
  for (const line of wrap('tlab: a container stack that one can see through', width)) print(paint.out('bold', line));
  const { entries, said } = progress();
  for (const line of said) for (const one of wrapped(line, width)) print(paint.out('yellow', one));
  for (const line of standing(outlineCourse(lessonsFolder()), entries))
    for (const one of wrapped(line, width)) print(one);
  print('');
  const keys = ['learn', 'check', 'hint', 'next', 'list', 'quiz', 'interview', 'doctor'].map((key) => `tlab ${key}`);
  const row = [...keys, 'tlab --help'].map(command).join(' · ');
  for (const line of wrapped(row, width)) print(paint.out('cyan', line));
  return 0;
}

/** A command is not broken over two lines. */
const command = (line: string): string => line.replaceAll(' ', '\u00a0');
const wrapped = (line: string, width: number): string[] =>
  wrap(line, width).map((one) => one.replaceAll('\u00a0', ' '));

/** A log that cannot be read stops no screen: what is the matter with it is said instead. */
function progress(): { entries: Entry[]; said: string[] } {
  const file = progressFile();
  try {
    const { entries, unreadable } = readLog(file);
    if (unreadable === 0) return { entries, said: [] };
    const verb = unreadable === 1 ? 'is no entry and stays' : 'are no entries and stay';
    return {
      entries,
      said: [
        `progress ${printable(file)}: ${counted(unreadable, 'line')} ${verb} as ${unreadable === 1 ? 'it is' : 'they are'}.`,
      ],
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const then = error.kind === 'dataLoss' ? 'it is kept under another name when you go on' : `to go on: ${error.hint}`;
    return { entries: [], said: [`${printable(error.message)}; ${then}.`] };
  }
}

function standing(lessons: readonly LessonOutline[], entries: readonly Entry[]): string[] {
  const logs = lessonLogs(entries);
  const over = lessons.filter(({ id, steps }) => currentStep(steps, logs.get(id)) === undefined).length;
  const current = currentLesson(lessons, logs);
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return [
    ...(entries.length === 0 ? firstWords(sudo) : []),
    ...(current === undefined ? theEnd(lessons.length) : stepLines(current, logs.get(current.id), sudo)),
    ...(entries.length === 0 ? [] : [`${over} of ${counted(lessons.length, 'lesson')} done. ${dueLine(entries)}`]),
  ];
}

const firstWords = (sudo: string): string[] => [
  '',
  'You learn by foretelling, doing and seeing.',
  `Begin: ${command(`${sudo}tlab learn`)}`,
  `Without root or Linux, on a recording: ${command('tlab learn --way replay')}`,
  `Know some of it already: ${command('tlab place')}`,
  `For screen readers: ${command('tlab --accessible COMMAND')}, or ${command('tlab accessibility --set plain=on')}`,
];

function stepLines(lesson: LessonOutline, log: LessonLog | undefined, sudo: string): string[] {
  const step = currentStep(lesson.steps, log);
  const number = lesson.steps.findIndex(({ id }) => id === step?.id) + 1;
  const word = log === undefined ? 'Next' : 'You are at';
  return [
    '',
    `${word}: ${printable(lesson.title)}, step ${number} of ${lesson.steps.length}: ${printable(step?.title ?? '')}`,
    `Go on: ${command(`${sudo}tlab learn`)}`,
  ];
}

const theEnd = (count: number): string[] =>
  count === 0
    ? ['', 'There is no lesson here.']
    : ['', 'That is the end of the course: every lesson is done. Next: tlab interview, tlab review, tlab notes'];

function dueLine(entries: readonly Entry[]): string {
  const scheduled = scheduleOf(entries);
  const due = dueAt(scheduled, new Date()).length;
  if (due > 0) return `${counted(due, 'card')} due: tlab review`;
  const next = scheduled[0]?.due.toISOString().slice(0, 10);
  return next === undefined ? 'Nothing is due.' : `Nothing is due before ${next}.`;
}
