// tlab interview: questions against the clock, own answers, key points with what proves them, and a report at the end, also of one that was stopped.
import { randomUUID } from 'node:crypto';
import { LabError } from '../../base/errors.ts';
import { syllabus } from '../../explain/syllabus.ts';
import { find } from '../../lesson/check/trace.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import { type Invitation, openInvitation, type Report, reportOf } from '../../lesson/interview/report.ts';
import { type Card, cardsAbout, type Recordings, topicsOf } from '../../lesson/quiz/cards.ts';
import { fillAll, numbersOf, shuffled, valuesOf } from '../../lesson/vars.ts';
import { defineCommand } from '../command.ts';
import { between } from '../flags/readers.ts';
import { boolean, one, text } from '../flags/spec.ts';
import { counted } from '../format/words.ts';
import { holdInterview, type InterviewQuestion } from '../lesson/interview-session.ts';
import { openLearner, openLessons } from '../lesson/learner.ts';
import { openRecordings } from '../lesson/recordings.ts';
import { openPrompter } from '../prompt/open.ts';
import { learnerStatus, type Prompter } from '../prompt/prompter.ts';
import { print } from '../terminal.ts';

/** A question takes about two minutes. */
const questionsPerMinute = 0.6;

export default defineCommand({
  operands: '[TOPIC]',
  count: { min: 0, max: 1 },
  says: 'Answer in your own words, typed or aloud; the key points are ticked with you. Ctrl-C ends it with its report, and --resume goes on.',
  flags: {
    minutes: one('How long it may take (10)', between(1, 120), { short: 'm', value: 'number' }),
    resume: boolean('Go on with the one that was stopped'),
    seed: text('What the choice of questions is made from', { value: 'text' }),
    json: boolean('Speak in JSON, one document a line; the report is the last'),
  },
  exitStatus: learnerStatus,
  examples: [
    { says: 'ten minutes about the stack', line: 'tlab interview stack' },
    { says: 'go on', line: 'tlab interview --resume' },
  ],
  async run({ operands: [topic], flags }) {
    const course = openLessons();
    const learner = openLearner(course);
    const questions = questionsOf(course.lessons);
    const open = flags.resume ? openInvitation(learner.entries) : undefined;
    if (flags.resume && open === undefined)
      throw new LabError('conflict', 'no interview was stopped', { hint: 'tlab interview' });
    const invitation =
      open ?? invite({ topic, minutes: flags.minutes ?? 10, seed: flags.seed ?? randomUUID() }, course.lessons);
    if (open === undefined) learner.record([{ kind: 'invited', ...invitation }]);
    const recording = openRecordings();
    const prompter = openPrompter({ json: flags.json });
    try {
      const isStopped = await holdInterview(invitation, questions, {
        prompter,
        learner,
        recording,
        now: () => performance.now(),
      });
      const hopOf = await hopsOf(questions, recording);
      const report = reportOf(invitation, learner.entries, course.lessons, hopOf);
      if (flags.json) print(JSON.stringify({ schema: 'tlab.interview/1', isStopped, ...report }));
      else showReport(prompter, report, isStopped);
      return isStopped ? 5 : 0;
    } finally {
      prompter.close();
    }
  },
});

/** One question an entry. */
function questionsOf(lessons: readonly Lesson[]): Map<string, InterviewQuestion> {
  const questions = new Map<string, InterviewQuestion>();
  for (const lesson of lessons.map((one) => fillAll(one, valuesOf(one, one.id))))
    for (const { interview } of lesson.steps)
      for (const question of interview)
        if (!questions.has(question.id)) questions.set(question.id, { lesson, question });
  return questions;
}

interface Wish {
  topic: string | undefined;
  minutes: number;
  seed: string;
}

function invite({ topic, minutes, seed }: Wish, lessons: readonly Lesson[]): Invitation {
  const all = [...questionsOf(lessons)].map(
    ([id, { lesson }]): Card => ({
      ...{ id, entry: id, lesson: lesson.id, step: '' },
      ask: async () => undefined,
    }),
  );
  const about = cardsAbout(all, lessons, topic).map(({ id }) => id);
  if (about.length === 0)
    throw new LabError(
      'notFound',
      `topic "${topic ?? ''}": no question about it, there are ${topicsOf(lessons).join(', ')}`,
      {
        hint: 'tlab interview',
      },
    );
  const count = Math.max(1, Math.round(minutes * questionsPerMinute));
  return { session: randomUUID(), minutes, seed, questions: shuffled(about, numbersOf(seed)).slice(0, count) };
}

/** The stage of the event that proves a point; without one, what the entry is about. */
async function hopsOf(questions: ReadonlyMap<string, InterviewQuestion>, recording: Recordings) {
  const hops = new Map<string, string>();
  for (const [id, { lesson, question }] of questions) {
    for (const point of question.points) {
      const path = point.trace ?? lesson.trace;
      const trace = point.proof === undefined || path === undefined ? undefined : await recording(path);
      const event = trace === undefined || point.proof === undefined ? undefined : find(trace, point.proof)[0];
      hops.set(`${id}/${point.says}`, event?.stage ?? (syllabus as Record<string, string>)[id] ?? id);
    }
  }
  return (entry: string, point: string): string | undefined => hops.get(`${entry}/${point}`);
}

function showReport(prompter: Prompter, report: Report, isStopped: boolean): void {
  prompter.tell('title', isStopped ? 'Report of a stopped interview' : 'Report');
  prompter.tell(
    'text',
    `${report.asked} of ${report.asked + report.open} questions in ${counted(Math.ceil(report.seconds / 60), 'minute')}, ${report.said} of ${report.points} key points said.`,
  );
  for (const { entry, said, missed } of report.questions) {
    const word = missed.length === 0 ? 'WHOLE' : said.length === 0 ? 'NOTHING' : 'IN PART';
    prompter.tell(
      missed.length === 0 ? 'good' : 'bad',
      `${entry}: ${said.length} of ${said.length + missed.length}`,
      word,
    );
    for (const point of missed) prompter.tell('evidence', `missed: ${point}`);
  }
  if (report.weakHops.length > 0)
    prompter.tell('text', `Weak: ${report.weakHops.map(({ hop, missed }) => `${hop} (${missed})`).join(', ')}`);
  if (report.drills.length > 0) prompter.tell('text', `Next: ${report.drills.join(' · ')}`);
  if (isStopped) prompter.tell('note', 'Go on with it: tlab interview --resume');
}
