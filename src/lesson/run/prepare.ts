// What a step stands on, made and taken away: the folder of the attempt, what the lesson's setup makes, the step's files.
// Rule: it is made before the step counts as opened, so that a kill between the two only makes it once more; setup and teardown may run twice.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lesson, Step } from '../format/load.ts';
import type { Values } from '../vars.ts';

/** Runs shell; its status is not asked. */
export type Shell = (shell: string) => Promise<void>;

/** A lesson and its values, texts already filled. */
export interface Prepared {
  lesson: Lesson;
  values: Values;
}

/** Whether anything of the lesson lies in the folder of the attempt. */
const usesFolder = ({ steps, setup, teardown }: Lesson, work: string): boolean =>
  steps.some(({ files }) => files.length > 0) || JSON.stringify({ steps, setup, teardown }).includes(work);

/** Before the first step. */
export async function setUp({ lesson, values: { work = '' } }: Prepared, shell: Shell): Promise<void> {
  if (usesFolder(lesson, work)) mkdirSync(work, { recursive: true });
  if (lesson.setup !== undefined) await shell(lesson.setup);
}

/** Before each step. */
export function writeFiles({ files }: Step, { work = '' }: Values): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
}

/** After the last step, and before the lesson is taken again. */
export async function tearDown({ lesson, values: { work = '' } }: Prepared, shell: Shell): Promise<void> {
  if (lesson.teardown !== undefined) await shell(lesson.teardown);
  if (work !== '') rmSync(work, { recursive: true, force: true });
}
