// Finds the detach sequence (ctrl-p ctrl-q) in what a person types. Bytes of a sequence that stays incomplete are typed
// text after all and go to the container. @source docker-attach --detach-keys
import { keySequence } from '../flags/readers.ts';

const defaultDetachKeys = 'ctrl-p,ctrl-q';

export interface KeyFilter {
  /** What may go on to the container, and whether the sequence is complete. */
  push(typed: Buffer): { pass: Buffer; detach: boolean };
}

export function detachFilter(keys: string = defaultDetachKeys): KeyFilter {
  const sequence = keySequence(keys);
  let matched = 0;
  return {
    push(typed) {
      const pass: number[] = [];
      for (const byte of typed) {
        if (byte !== sequence[matched] && matched > 0) {
          pass.push(...sequence.subarray(0, matched));
          matched = 0;
        }
        if (byte === sequence[matched]) matched += 1;
        else pass.push(byte);
        if (matched === sequence.length) return { pass: Buffer.from(pass), detach: true };
      }
      return { pass: Buffer.from(pass), detach: false };
    },
  };
}
