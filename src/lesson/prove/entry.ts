// What shows that an entry of the course is so: each key point of its interview question with the events of a recording, or the checks on
// the kernel's state, that prove it. Replay reads recordings only; live solves the step on the engine and asks its checks.
// Rule: a point is shown, not shown, live only (its check asks the machine) or said (no evidence is named); never assumed.
import type { Trace } from '../../trace/file.ts';
import { checkTrace, find, quoteOf } from '../check/trace.ts';
import type { Verdict } from '../check/verdict.ts';
import type { Lesson, Step } from '../format/load.ts';
import type { Interview } from '../format/schema.ts';
import { entries } from '../rows/entries.ts';
import { fillAll, valuesOf } from '../vars.ts';

export interface PointProof {
  says: string;
  state: 'shown' | 'not shown' | 'live only' | 'said';
  /** Where the evidence is: a recording's path, or the check of a lesson. */
  by?: string;
  /** The events, or what the check saw. */
  shows: string[];
  events: number[];
}

export interface QuestionProof {
  lesson: string;
  step: string;
  asks: string;
  points: PointProof[];
}

export interface EntryProof {
  id: string;
  kind: string;
  says: string;
  truth: string;
  questions: QuestionProof[];
}

export type Recordings = (path: string) => Promise<Trace>;
/** What the checks of a lesson said, by check id, when its steps were solved just now. */
export type LiveVerdicts = (lesson: Lesson) => Promise<ReadonlyMap<string, Verdict>>;

export interface Sources {
  recording: Recordings;
  /** Only for a live proof. */
  live?: LiveVerdicts;
}

/** Lessons that ask about the entry. */
export const coveringLessons = (lessons: readonly Lesson[], id: string): Lesson[] =>
  lessons.filter(({ covers }) => covers.includes(id));

export async function proveEntry(lessons: readonly Lesson[], id: string, sources: Sources): Promise<EntryProof> {
  const questions: QuestionProof[] = [];
  for (const lesson of coveringLessons(lessons, id)) {
    const filled = fillAll(lesson, valuesOf(lesson, lesson.id));
    for (const step of filled.steps)
      for (const question of step.interview)
        if (question.id === id) questions.push(await proveQuestion({ lesson: filled, step, question, sources }));
  }
  const { kind = 'fact', says = '', truth = '' } = entries[id] ?? {};
  return { id, kind, says, truth, questions };
}

interface Asked {
  lesson: Lesson;
  step: Step;
  question: Interview;
  sources: Sources;
}

async function proveQuestion(asked: Asked): Promise<QuestionProof> {
  const { lesson, step, question } = asked;
  const points: PointProof[] = [];
  for (const point of question.points) points.push(await provePoint(asked, point));
  return { lesson: lesson.id, step: step.id, asks: question.asks, points };
}

/** So many events are quoted. */
const quoted = 3;

/** By replay a recorded event comes first, live the machine's own answer. */
async function provePoint({ lesson, sources }: Asked, point: Interview['points'][number]): Promise<PointProof> {
  const { says, proof, check } = point;
  const path = point.trace ?? lesson.trace;
  const isAsked = sources.live !== undefined && check !== undefined;
  if (proof !== undefined && path !== undefined && !isAsked) {
    const trace = await sources.recording(path);
    const found = find(trace, proof);
    const [shows, events] = [
      found.slice(0, quoted).map((event) => quoteOf(trace, event)),
      found.slice(0, quoted).map(({ seq }) => seq),
    ];
    if (found.length === 0) return { says, state: 'not shown', by: path, shows: [`no event ${proof}`], events };
    return { says, state: 'shown', by: path, shows, events };
  }
  if (check === undefined) return { says, state: 'said', shows: [], events: [] };
  const verdict = await verdictOf(lesson, check, sources);
  const by = `check ${lesson.id}/${check}`;
  if (verdict === undefined) return { says, state: 'live only', by, shows: [], events: [] };
  const state = verdict.state === 'passed' ? 'shown' : 'not shown';
  return { says, state, by, shows: [verdict.saw], events: verdict.events ?? [] };
}

/** undefined: it asks the machine, and nothing was run. */
async function verdictOf(lesson: Lesson, id: string, { live, recording }: Sources): Promise<Verdict | undefined> {
  if (live !== undefined) return (await live(lesson)).get(id) ?? unasked;
  const check = lesson.steps.flatMap(({ checks }) => checks).find((one) => one.id === id);
  if (check?.trace === undefined || lesson.trace === undefined) return undefined;
  const verdict = checkTrace(await recording(lesson.trace), check.trace);
  // The recording is of one run; that it lacks what this check wants says nothing about the entry.
  return verdict.state === 'passed' ? verdict : undefined;
}

const unasked: Verdict = { state: 'failed', saw: 'not asked: what it needs did not pass', wanted: '' };

export const isProved = ({ questions }: EntryProof): boolean =>
  questions.length > 0 && questions.every(({ points }) => points.every(({ state }) => state !== 'not shown'));

/** Whether there is anything that replay shows. */
export const isShown = ({ questions }: EntryProof): boolean =>
  questions.some(({ points }) => points.some(({ state }) => state === 'shown'));
