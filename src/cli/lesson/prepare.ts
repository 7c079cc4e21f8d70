// What a lesson makes on this machine for the learner, and takes away: its setup and files before a step is opened, its teardown after the last.
import type { Learner } from '../../lesson/course.ts';
import type { Lesson, Step } from '../../lesson/format/load.ts';
import { setUp, tearDown, writeFiles } from '../../lesson/run/prepare.ts';
import { fillAll, type Values } from '../../lesson/vars.ts';
import { say } from '../terminal.ts';
import { sayMissingImages } from './images.ts';
import { runShell } from './shell.ts';

/** What `learner.attempt` is about to open. */
export async function prepareNext(learner: Learner, lesson: Lesson): Promise<void> {
  const unopened = learner.unopened(lesson);
  if (unopened === undefined) return;
  if (unopened.isFirst) await sayMissingImages(lesson);
  if (unopened.isFirst && unopened.lesson.setup !== undefined) say('Making what this lesson needs.');
  if (unopened.isFirst) await setUp(unopened, runShell);
  if (unopened.isFirst) await solveEarlier(unopened.lesson, unopened.step, unopened.values);
  writeFiles(unopened.step, unopened.values);
}

/** Steps that were taken on a recording have made nothing here, and this one stands on them. */
async function solveEarlier({ steps }: Lesson, { id }: Step, values: Values): Promise<void> {
  const earlier = steps.slice(
    0,
    steps.findIndex((one) => one.id === id),
  );
  if (earlier.length > 0) say('Solving the earlier steps for you.');
  for (const step of earlier) {
    writeFiles(step, values);
    if (step.solve !== '') await runShell(step.solve);
  }
}

/** What a lesson that was begun has made. */
async function clearLesson(learner: Learner, lesson: Lesson): Promise<void> {
  const values = learner.valuesOf(lesson);
  if (values === undefined || !learner.hasBeenOnEngine(lesson)) return;
  if (lesson.teardown !== undefined) say('Taking away what the lesson made.');
  await tearDown({ lesson: fillAll(lesson, values), values }, runShell);
}

/** When it has begun and is not done: a lesson that was done has been cleared. */
export async function clearBegun(learner: Learner, lesson: Lesson): Promise<void> {
  if (!learner.isDone(lesson)) await clearLesson(learner, lesson);
}

/** When nothing of the lesson is left to do. */
export async function clearWhenDone(learner: Learner, lesson: Lesson): Promise<void> {
  if (learner.isDone(lesson)) await clearLesson(learner, lesson);
}
