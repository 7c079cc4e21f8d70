// All lessons in their order, and where a learner stands among them. Rule: what a step says, does and checks has this attempt's values in it.
import { createHash, randomUUID } from 'node:crypto';
import { LabError } from '../base/errors.ts';
import { findingLine } from './format/finding.ts';
import { type Lesson, loadCourse, type readLesson, type Step } from './format/load.ts';
import { append, type Entry, readLog } from './progress/log.ts';
import {
  currentLesson,
  currentStep,
  isOver,
  type LessonLog,
  lessonLogs,
  type StepProgress,
  stepProgress,
} from './progress/state.ts';
import type { Way } from './run/replay.ts';
import { fillAll, type Values, valuesOf } from './vars.ts';

export interface Course {
  lessons: Lesson[];
  /** What is wrong with lessons that were left out, one line each. */
  broken: string[];
}

/** The course below a folder. A broken lesson is left out and told; the others are there. */
export function openCourse(folder: string, read?: typeof readLesson): Course {
  const loaded = loadCourse(folder, read);
  return {
    lessons: loaded.flatMap(({ lesson, findings }) => (lesson !== undefined && findings.length === 0 ? [lesson] : [])),
    broken: loaded.flatMap(({ findings }) => findings.slice(0, 1).map(findingLine)),
  };
}

/** @throws LabError notFound, naming the lessons that there are */
export function lessonOf({ lessons }: Course, id: string): Lesson {
  const lesson = lessons.find((one) => one.id === id);
  if (lesson !== undefined) return lesson;
  const known = lessons.map((one) => one.id).join(', ') || 'none';
  throw new LabError('notFound', `lesson "${id}": no such lesson, there are ${known}`, { hint: 'tlab list' });
}

/** One learner in one lesson. */
export interface Attempt {
  lesson: Lesson;
  /** undefined when every step is passed or skipped. */
  step: Step | undefined;
  progress: StepProgress;
  values: Values;
  /** Hash of the step as it stands in the lesson. */
  content: string;
  /** When the step was first shown in this attempt; what happened earlier proves nothing. */
  since: Date;
}

export class Learner {
  readonly #course: Course;
  readonly #file: string;
  #entries: Entry[];
  #logs: Map<string, LessonLog>;

  constructor(course: Course, file: string) {
    this.#course = course;
    this.#file = file;
    this.#entries = readLog(file).entries;
    this.#logs = lessonLogs(this.#entries);
  }

  /** Everything that the log holds, in its order. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The lesson that was worked on last and is not done; else the first that is not. */
  get current(): Lesson | undefined {
    return currentLesson(this.#course.lessons, this.#logs);
  }

  /** Begins the lesson when it has not begun; its values stay the same until it is reset. */
  attempt(lesson: Lesson, way: Way = 'engine'): Attempt {
    const log = this.#begun(lesson);
    const values = valuesOf(lesson, log.seed);
    const filled = fillAll(lesson, values);
    const step = currentStep(filled.steps, log);
    const raw = lesson.steps.find(({ id }) => id === step?.id);
    const content = raw === undefined ? '' : contentOf(raw);
    const isOpened = step !== undefined && log.steps.get(step.id)?.some((entry) => isOpening(entry, way));
    if (step !== undefined && isOpened !== true) {
      const own = way === 'engine' ? {} : { way };
      this.record([{ kind: 'opened', lesson: lesson.id, step: step.id, content, ...own }]);
    }
    const entries = step && this.#logs.get(lesson.id)?.steps.get(step.id);
    return {
      lesson: filled,
      step,
      progress: stepProgress(step ?? { predictions: [] }, entries),
      values,
      content,
      since: new Date(entries?.find((entry) => isOpening(entry, way))?.at ?? log.lastAt),
    };
  }

  /** What `attempt` would open: its step was not shown before; undefined when it was, and when nothing is left. */
  unopened(lesson: Lesson): { lesson: Lesson; step: Step; values: Values; isFirst: boolean } | undefined {
    const log = this.#begun(lesson);
    const values = valuesOf(lesson, log.seed);
    const step = currentStep(lesson.steps, log);
    const opened = (id: string): boolean => log.steps.get(id)?.some((entry) => isOpening(entry, 'engine')) === true;
    if (step === undefined || opened(step.id)) return undefined;
    const isFirst = !lesson.steps.some(({ id }) => opened(id));
    return { lesson: fillAll(lesson, values), step: fillAll(step, values), values, isFirst };
  }

  /** On what the lesson was taken last; undefined when it has not begun. */
  wayOf({ id }: Lesson): Way | undefined {
    const opening = this.#entries.findLast((entry) => entry.kind === 'opened' && entry.lesson === id);
    if (opening?.kind !== 'opened' || !this.#logs.has(id)) return undefined;
    return opening.way ?? 'engine';
  }

  /** Whether a step was opened on the engine since the lesson was last taken anew: only then has it made anything. */
  hasBeenOnEngine({ id }: Lesson): boolean {
    const from = this.#entries.findLastIndex(
      (entry) => entry.kind === 'reset' && entry.step === undefined && (entry.lesson ?? id) === id,
    );
    return this.#entries
      .slice(from + 1)
      .some((entry) => 'lesson' in entry && entry.lesson === id && isOpening(entry, 'engine'));
  }

  progressOf({ id }: Lesson, step: Step): StepProgress {
    return stepProgress(step, this.#logs.get(id)?.steps.get(step.id));
  }

  /** Whether every step is passed or skipped. */
  isDone(lesson: Lesson): boolean {
    return currentStep(lesson.steps, this.#logs.get(lesson.id)) === undefined;
  }

  /** A lesson that was begun, with its values in it. */
  begun(lesson: Lesson): { lesson: Lesson; log: LessonLog } | undefined {
    const log = this.#logs.get(lesson.id);
    return log && { lesson: fillAll(lesson, valuesOf(lesson, log.seed)), log };
  }

  /** The values of a lesson that was begun. */
  valuesOf(lesson: Lesson): Values | undefined {
    const log = this.#logs.get(lesson.id);
    return log && valuesOf(lesson, log.seed);
  }

  /** What this attempt's values and questions are made from. */
  seedOf({ id }: Lesson): string {
    return this.#logs.get(id)?.seed ?? id;
  }

  /** Steps whose text is another one than when they were passed. Their pass stays. */
  changedOf({ id, steps }: Lesson): string[] {
    const entries = this.#logs.get(id)?.steps;
    const isChanged = (step: Step): boolean => {
      const { state, content } = stepProgress(step, entries?.get(step.id));
      return state === 'passed' && content !== undefined && content !== contentOf(step);
    };
    return steps.filter((step) => entries?.has(step.id) === true && isChanged(step)).map((step) => step.id);
  }

  /** How many steps of a lesson are over, and how many there are. */
  countOf(lesson: Lesson): { over: number; all: number } {
    const log = this.#logs.get(lesson.id);
    const over = lesson.steps.filter((step) => isOver(stepProgress(step, log?.steps.get(step.id)))).length;
    return { over, all: lesson.steps.length };
  }

  #begun(lesson: Lesson): LessonLog {
    if (!this.#logs.has(lesson.id)) this.record([{ kind: 'began', lesson: lesson.id, seed: randomUUID() }]);
    return this.#logs.get(lesson.id) as LessonLog;
  }

  record(entries: Parameters<typeof append>[1]): void {
    append(this.#file, entries);
    this.reread();
  }

  /** What was done meanwhile in another terminal is there too. */
  reread(): void {
    this.#entries = readLog(this.#file).entries;
    this.#logs = lessonLogs(this.#entries);
  }
}

const isOpening = (entry: { kind: string; way?: string | undefined }, way: Way): boolean =>
  entry.kind === 'opened' && (entry.way ?? 'engine') === way;

/** Of what is told, asked and checked in a step, without an attempt's values. Kept as a note beside a pass: a changed text does not take it back, it is told. */
const contentOf = ({ tells, predictions, checks }: Step): string =>
  createHash('sha256').update(JSON.stringify({ tells, predictions, checks })).digest('hex').slice(0, 16);
