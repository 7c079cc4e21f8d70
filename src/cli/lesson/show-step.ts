// A step of a lesson on the terminal: what it says, what to do, what will be looked at.
import { paint } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';
import type { Attempt } from '../../lesson/course.ts';
import type { Lesson, Step } from '../../lesson/format/load.ts';
import type { CheckResult } from '../../lesson/run/check-step.ts';
import type { Way } from '../../lesson/run/replay.ts';
import { print, terminalColumns } from '../terminal.ts';
import { commandLines, markdownLines } from './markdown.ts';

export const lessonWidth = (): number => Math.min(terminalColumns(), 90);

const printAll = (lines: readonly string[]): void => {
  for (const line of lines) print(line);
};

/** Title and text, up to where predictions are asked for while some are open. */
export function showStep({ lesson, step, progress }: Attempt & { step: Step }): void {
  const number = lesson.steps.findIndex(({ id }) => id === step.id) + 1;
  print(paint.out('bold', printable(`${lesson.title}: ${step.title}`)));
  print(paint.out('dim', `step ${number} of ${lesson.steps.length}, ${lesson.id}/${step.id}`));
  if (number === 1 && lesson.introduction !== '') printAll(['', ...markdownLines(bodyOf(lesson), lessonWidth())]);
  if (number === 1 && lesson.engine === 'alone') printAll(['', ...wrap(aloneWords, lessonWidth())]);
  const asked = step.tells.findIndex(({ kind }) => kind === 'predict');
  showTells(progress.state === 'predicting' ? step.tells.slice(0, asked) : step.tells);
}

const aloneWords =
  'This lesson stops parts of the engine. Containers of other people on it run on, but what is being built, pulled or started fails.';

/** What stands behind the predictions, once they are made. */
export const showRest = ({ tells }: Step): void =>
  showTells(tells.slice(tells.findIndex(({ kind }) => kind === 'predict') + 1));

function showTells(tells: Step['tells']): void {
  for (const tell of tells) {
    if (tell.kind === 'predict') continue;
    print('');
    if (tell.kind === 'file') print(paint.out('dim', `${printable(tell.path)}, written for you:`));
    printAll(tell.kind === 'say' ? markdownLines(tell.text, lessonWidth()) : commandLines(tell.text.trimEnd()));
  }
  print('');
}

/** The title of the document repeats that of the lesson. */
const bodyOf = ({ introduction }: Lesson): string => introduction.replace(/^# .*\n+/, '');

/** What follows a step, by what it has. */
export function showKeys(step: Step, way: Way): void {
  // A check that needs another one is often told as what follows from it.
  const wishes = step.checks.map(({ says }, i) => (i === 0 ? says : says.replace(/^and /, '')));
  const passed = way === 'engine' ? 'Passed when' : 'On an engine it is passed when';
  if (wishes.length > 0) printAll(wrap(printable(`${passed} ${wishes.join(', and ')}.`), lessonWidth()));
  const keys = step.checks.length === 0 ? ['tlab next'] : ['tlab check', 'tlab hint', 'tlab skip'];
  if (way !== 'engine' && step.checks.length > 0) keys[0] = 'tlab next';
  print(paint.out('dim', `${keys.join(' · ')} · tlab list`));
}

const words = { passed: 'PASS', failed: 'NOT YET', unknown: 'CANNOT TELL' } as const;
const styles = { passed: 'green', failed: 'red', unknown: 'yellow' } as const;

export function showResults(step: Step, results: readonly CheckResult[], reply?: string): void {
  for (const { check, state, saw, wanted } of results) {
    const [says = '', ...more] = wrap(printable(check.says), lessonWidth() - words[state].length - 2);
    print(`${paint.out(styles[state], words[state])}  ${says}`);
    for (const line of more) print(`      ${line}`);
    if (state === 'passed') continue;
    const width = lessonWidth() - 6;
    for (const [label, text] of [
      ['saw:  ', saw],
      ['want: ', wanted],
    ] as const) {
      for (const line of wrap(`${label}${printable(text)}`, width)) print(`      ${line}`);
    }
  }
  if (reply !== undefined) printAll(['', ...markdownLines(reply, lessonWidth())]);
  const waiting = step.checks.length - results.length;
  if (waiting > 0)
    print(paint.out('dim', `${waiting} more ${waiting === 1 ? 'check waits' : 'checks wait'} for these.`));
}

export function showDebrief(step: Step): void {
  if (step.why === '') return;
  print('');
  print(paint.out('bold', 'Why'));
  printAll(markdownLines(step.why, lessonWidth()));
}
