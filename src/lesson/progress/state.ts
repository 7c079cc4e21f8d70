// Where a learner stands, computed from the log alone: each step's entries played through its machine.
import { initialTransition, transition } from 'xstate';
import { type StepEvent, stepMachine } from '../lesson.machine.ts';
import type { Entry, EntryData } from './log.ts';

export interface StepProgress {
  state: 'predicting' | 'doing' | 'passed' | 'skipped';
  /** Checks that were asked since the step began or was reset. */
  tries: number;
  /** The highest rung of help that was shown; 4 is the solution. */
  rung: number;
  /** Checks that have passed in this attempt. */
  passedChecks: Set<string>;
  /** Predictions that were made: whether the first answer was right. */
  predictions: Map<string, boolean>;
  /** Hash of the step's text when it was passed. */
  content?: string;
}

const stepKinds = ['opened', 'checked', 'passed', 'predicted', 'hinted', 'skipped'] as const;
type StepEntry = Extract<Entry, { kind: (typeof stepKinds)[number] }>;
const isStepEntry = (entry: Entry): entry is StepEntry => (stepKinds as readonly string[]).includes(entry.kind);

export interface LessonLog {
  /** What the variables of this attempt are made from. */
  seed: string;
  /** Entries of each step since it was last reset. */
  steps: Map<string, StepEntry[]>;
  lastAt: string;
  /** Number of its last entry in the log. */
  lastEntry: number;
}

/** What the log holds of each lesson, resets carried out. */
export function lessonLogs(entries: readonly Entry[]): Map<string, LessonLog> {
  const logs = new Map<string, LessonLog>();
  for (const [at, entry] of entries.entries()) {
    if (entry.kind === 'reset') {
      forget(logs, entry);
      continue;
    }
    if (entry.kind !== 'began' && !isStepEntry(entry)) continue;
    const log = logs.get(entry.lesson) ?? { seed: entry.lesson, steps: new Map(), lastAt: entry.at, lastEntry: at };
    logs.set(entry.lesson, log);
    log.lastAt = entry.at;
    log.lastEntry = at;
    if (entry.kind === 'began') log.seed = entry.seed;
    else log.steps.set(entry.step, [...(log.steps.get(entry.step) ?? []), entry]);
  }
  return logs;
}

function forget(logs: Map<string, LessonLog>, { lesson, step }: Extract<Entry, { kind: 'reset' }>): void {
  if (lesson === undefined) logs.clear();
  else if (step === undefined) logs.delete(lesson);
  else logs.get(lesson)?.steps.delete(step);
}

/** Checks that could tell something: what this host cannot tell is no try of the learner's. */
export const isTry = ({ failed, unknown }: EntryData<'checked'>): boolean => failed.length > 0 || unknown.length === 0;

/** What the machine makes of an entry; undefined for those that change no state. */
function eventOf(entry: StepEntry): StepEvent | undefined {
  switch (entry.kind) {
    case 'predicted':
      return { type: 'predict' };
    case 'checked':
      return isTry(entry) ? { type: 'check' } : undefined;
    case 'hinted':
      return { type: 'hint', rung: entry.rung };
    case 'passed':
      return { type: 'pass' };
    case 'skipped':
      return { type: 'skip' };
    default:
      return undefined;
  }
}

interface StepShape {
  predictions: ReadonlyArray<{ id: string }>;
}

export function stepProgress({ predictions }: StepShape, entries: readonly StepEntry[] = []): StepProgress {
  let [snapshot] = initialTransition(stepMachine, { predictions: predictions.length });
  const asked = new Set(predictions.map(({ id }) => id));
  const made = new Map<string, boolean>();
  const passedChecks = new Set<string>();
  let content: string | undefined;
  for (const entry of entries) {
    const isUnasked = entry.kind === 'predicted' && (made.has(entry.prediction) || !asked.has(entry.prediction));
    const event = eventOf(entry);
    if (event !== undefined && !isUnasked) [snapshot] = transition(stepMachine, snapshot, event);
    if (entry.kind === 'predicted' && !isUnasked) made.set(entry.prediction, entry.isRight);
    if (entry.kind === 'checked') for (const check of entry.passed) passedChecks.add(check);
    if (entry.kind === 'passed') content = entry.content;
  }
  const { tries, rung } = snapshot.context;
  const state = snapshot.value as StepProgress['state'];
  return { state, tries, rung, passedChecks, predictions: made, ...(content !== undefined && { content }) };
}

export const isOver = ({ state }: StepProgress): boolean => state === 'passed' || state === 'skipped';

/** Passed with the solution shown: it comes back in review. */
export const isAssisted = ({ rung }: StepProgress): boolean => rung >= 4;

/** The lesson to go on with: of those that are not done the one that was worked on last, else the first. */
export function currentLesson<Lesson extends { id: string; steps: readonly (StepShape & { id: string })[] }>(
  lessons: readonly Lesson[],
  logs: ReadonlyMap<string, LessonLog>,
): Lesson | undefined {
  const open = lessons.filter(({ id, steps }) => currentStep(steps, logs.get(id)) !== undefined);
  const lastEntry = ({ id }: Lesson): number => logs.get(id)?.lastEntry ?? -1;
  return open.toSorted((a, b) => lastEntry(b) - lastEntry(a))[0];
}

/** The step to go on with: the first that is neither passed nor skipped; undefined when the lesson is done. */
export const currentStep = <Step extends StepShape & { id: string }>(
  steps: readonly Step[],
  log: LessonLog | undefined,
): Step | undefined =>
  steps.find((step) => {
    const entries = log?.steps.get(step.id);
    // A step that nothing was recorded of is open: no machine is needed to say so, and the first screen asks about hundreds.
    return entries === undefined || !isOver(stepProgress(step, entries));
  });
