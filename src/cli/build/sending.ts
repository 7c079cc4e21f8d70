// What is said while a context is sent: nothing of one that is there at once; of a large one how much there is of it so far, and at which file
// it is, so that a build which seems to hang says what it does.
import { printable } from '../../base/text.ts';
import { humanSize } from '../format/words.ts';

const everyMs = 1_000;

export function sendingReport(
  print: (line: string) => void,
  now: () => number = () => performance.now(),
): (sent: { bytes: number; at?: string }) => void {
  let toldMs = now();
  return ({ bytes, at }) => {
    if (now() - toldMs < everyMs) return;
    toldMs = now();
    print(`sending the context: ${humanSize(bytes, 3)} so far${at === undefined ? '' : `, now ${printable(at)}`}`);
  };
}
