// A proof of an entry on the terminal: what is claimed, each key point, and the event or fact that shows it.
import { paint } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';
import { type EntryProof, isProved, isShown, type PointProof } from '../../lesson/prove/entry.ts';
import { print } from '../terminal.ts';
import { lessonWidth } from './show-step.ts';

const words = { shown: 'SHOWN', 'not shown': 'NOT SHOWN', 'live only': 'LIVE ONLY', said: 'SAID' } as const;
const styles = { shown: 'green', 'not shown': 'red', 'live only': 'yellow', said: 'dim' } as const;

function indented(text: string, by: number): void {
  for (const line of wrap(printable(text), lessonWidth() - by)) print(' '.repeat(by) + line);
}

export function showProof(proof: EntryProof, title: string): void {
  print(paint.out('bold', `${proof.id}  ${title}`));
  if (proof.kind === 'myth') indented(`Said, and wrong: ${proof.says}`, 0);
  indented(proof.truth, 0);
  for (const { lesson, step, asks, points } of proof.questions) {
    print('');
    indented(asks, 0);
    print(paint.out('dim', `lesson ${lesson}, step ${step}`));
    for (const point of points) showPoint(point);
  }
}

function showPoint({ says, state, by, shows }: PointProof): void {
  const [first = '', ...more] = wrap(printable(says), lessonWidth() - 11);
  print(`${paint.out(styles[state], words[state].padEnd(9))}  ${first}`);
  for (const line of more) print(' '.repeat(11) + line);
  for (const one of shows) indented(one, 13);
  if (by !== undefined) print(paint.out('dim', `             ${printable(by)}`));
}

/** One line an entry, for all of them. */
export function proofLine(proof: EntryProof): string {
  const points = proof.questions.flatMap((question) => question.points);
  const count = (state: PointProof['state']): number => points.filter((point) => point.state === state).length;
  const word = !isProved(proof) ? 'NOT SHOWN' : isShown(proof) ? 'SHOWN' : 'LIVE ONLY';
  const style = !isProved(proof) ? 'red' : isShown(proof) ? 'green' : 'yellow';
  const parts = (['shown', 'live only', 'said', 'not shown'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  return `${paint.out(style, word.padEnd(9))}  ${proof.id.padEnd(7)} ${parts.join(', ')}`;
}
