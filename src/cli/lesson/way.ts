// How a lesson is taken on this host: on the engine where it can, else on a recording, and always said. The simulated kernel has its place here.
import { paint } from '../../base/colour.ts';
import { LabError } from '../../base/errors.ts';
import type { Learner } from '../../lesson/course.ts';
import type { Lesson } from '../../lesson/format/load.ts';
import { missingOf } from '../../lesson/run/host.ts';
import { type Way, ways } from '../../lesson/run/replay.ts';
import { one, oneOf } from '../flags/spec.ts';
import { print, say } from '../terminal.ts';

export const wayFlag = one('On what: engine, or replay of a recording (what this host can)', oneOf(...ways), {
  value: 'way',
});

/** What was asked for; else what the step was begun on; else what this host can, with what is missing said. */
export function wayOf(learner: Learner, lesson: Lesson, asked: Way | undefined): Way {
  if (asked === 'simulated') {
    const what =
      '--way simulated: lessons on a simulated kernel come in a later version; this one has engine and replay';
    throw new LabError('notImplemented', what, { hint: `tlab learn ${lesson.id} --way replay` });
  }
  const begun = asked ?? learner.wayOf(lesson);
  const missing = missingOf(lesson);
  if (begun === 'engine' && asked === 'engine' && missing.length > 0) {
    throw new LabError(
      'unavailable',
      `lesson "${lesson.id}" cannot be taken on this host: ${missing.map(({ says }) => says).join('; ')}`,
      {
        hint: `${missing[0]?.how ?? ''}; or on a recording: tlab learn ${lesson.id} --way replay`,
      },
    );
  }
  if (begun !== undefined) return begun;
  for (const { says, how } of missing) say(`This host cannot show it: ${says}. To get it: ${how}`);
  return missing.length > 0 ? 'replay' : 'engine';
}

/** Said above everything that is taken without an engine. */
function labelOf(way: Way, lesson: Lesson): string | undefined {
  if (way === 'engine') return undefined;
  const what =
    lesson.trace === undefined
      ? 'Without an engine, and this lesson has no recording'
      : `On the recording ${lesson.trace}`;
  return `${what}: nothing is run here.`;
}

/** Prints the label. */
export function sayWay(way: Way, lesson: Lesson): void {
  const label = labelOf(way, lesson);
  if (label !== undefined) print(paint.out('yellow', label));
}

export const passedWords = (way: Way): string =>
  way === 'engine'
    ? 'Passed. Go on: tlab learn'
    : 'Taken on the recording; only an engine can check it whole. Go on: tlab learn';
