// The course of this package and the person who takes it: where lessons lie, where progress is kept.
import { join } from 'node:path';
import { LabError } from '../../base/errors.ts';
import { type Attempt, Learner, lessonOf, openCourse } from '../../lesson/course.ts';
import { type Lesson, loadLesson, type Step } from '../../lesson/format/load.ts';
import { outlineCourse } from '../../lesson/outline.ts';
import { progressFile, setAside } from '../../lesson/progress/log.ts';
import { currentLesson, lessonLogs } from '../../lesson/progress/state.ts';
import type { Way } from '../../lesson/run/replay.ts';
import { say } from '../terminal.ts';
import { lessonsFolder } from './folder.ts';
import { prepareNext } from './prepare.ts';
import { lessonReader } from './reader.ts';
import { wayOf } from './way.ts';

/** The recording that a lesson's predictions are made from; its path is one of this package. */
export function lessonTrace({ id, trace }: Lesson): string {
  if (trace === undefined) throw new LabError('internal', `lesson "${id}" has predictions and no trace`);
  return join(lessonsFolder(), '..', trace);
}

export const openLessons = () => openCourse(lessonsFolder(), lessonReader());

export function openLearner(course = openLessons()): Learner {
  for (const broken of course.broken) say(`lesson left out: ${broken}`);
  const file = progressFile();
  try {
    return new Learner(course, file);
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'dataLoss') throw error;
    say(`${error.message}; it is kept as ${setAside(file)}, and progress begins anew.`);
    return new Learner(course, file);
  }
}

/** An open step, and on what it is taken. */
export type OpenAttempt = Attempt & { step: Step; way: Way };

/** The learner, and the step that they are at, with what it needs made. @throws LabError conflict when everything is done */
export async function openCurrent(id?: string, asked?: Way): Promise<{ learner: Learner; attempt: OpenAttempt }> {
  const learner = openLearner({ lessons: [], broken: [] });
  return { learner, attempt: await attemptOf(learner, chosenLesson(learner, id), asked) };
}

/** The lesson of that id, or the one to go on with. Of the others only outlines are read: all of them whole take twenty times as long. */
function chosenLesson(learner: Learner, id: string | undefined): Lesson {
  const outlines = outlineCourse(lessonsFolder());
  const chosen =
    id === undefined ? currentLesson(outlines, lessonLogs(learner.entries)) : outlines.find((one) => one.id === id);
  const { lesson, findings = [] } = chosen === undefined ? {} : loadLesson(chosen.folder, lessonReader());
  return lesson !== undefined && findings.length === 0 ? lesson : wholeChoice(id);
}

/** Where it is not there, or broken, the whole course says what is the matter, and what comes instead. */
function wholeChoice(id: string | undefined): Lesson {
  const course = openLessons();
  const lesson = id === undefined ? openLearner(course).current : lessonOf(course, id);
  if (lesson !== undefined) return lesson;
  throw new LabError('conflict', 'every lesson is done', { hint: 'tlab reset LESSON, to take one again' });
}

async function attemptOf(learner: Learner, lesson: Lesson, asked?: Way): Promise<OpenAttempt> {
  const way = wayOf(learner, lesson, asked);
  if (way === 'engine') await prepareNext(learner, lesson);
  const attempt = learner.attempt(lesson, way);
  if (attempt.step === undefined) {
    throw new LabError('conflict', `lesson "${lesson.id}" is done`, {
      hint: `tlab reset ${lesson.id}, to take it again`,
    });
  }
  return { ...attempt, step: attempt.step, way };
}
