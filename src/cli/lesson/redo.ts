// A step done again with other values: the lesson gets a new seed, what it made is taken away, and the earlier steps are solved for the learner.
import { randomUUID } from 'node:crypto';
import { LabError } from '../../base/errors.ts';
import type { Learner } from '../../lesson/course.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import { isOver } from '../../lesson/progress/state.ts';
import { setUp, tearDown, writeFiles } from '../../lesson/run/prepare.ts';
import { fillAll, valuesOf } from '../../lesson/vars.ts';
import { runShell } from './shell.ts';

export async function redoStep(learner: Learner, lesson: Lesson, stepId: string): Promise<void> {
  const at = lesson.steps.findIndex(({ id }) => id === stepId);
  if (at < 0) {
    const steps = lesson.steps.map(({ id }) => id).join(', ');
    throw new LabError('notFound', `lesson "${lesson.id}" has no step "${stepId}": it has ${steps}`);
  }
  // The earlier steps are solved for the learner; where they were never taken, learn would ask for them although they are done.
  const open = lesson.steps.slice(0, at).find((step) => !isOver(learner.progressOf(lesson, step)));
  if (open !== undefined) {
    throw new LabError('conflict', `step "${stepId}" of lesson "${lesson.id}" is not reached: "${open.id}" is open`, {
      hint: `tlab learn ${lesson.id}`,
    });
  }
  const way = learner.wayOf(lesson) ?? 'engine';
  const before = learner.hasBeenOnEngine(lesson) ? learner.valuesOf(lesson) : undefined;
  if (before !== undefined) await tearDown({ lesson: fillAll(lesson, before), values: before }, runShell);
  const seed = randomUUID();
  learner.record([
    { kind: 'reset', lesson: lesson.id, step: stepId },
    { kind: 'began', lesson: lesson.id, seed },
  ]);
  if (way !== 'engine') return;
  const values = valuesOf(lesson, seed);
  const filled = fillAll(lesson, values);
  await setUp({ lesson: filled, values }, runShell);
  for (const earlier of filled.steps.slice(0, at)) {
    writeFiles(earlier, values);
    if (earlier.solve !== '') await runShell(earlier.solve);
  }
}
