// How often a transfer is taken up again where it stopped. Rule: only bytes buy more tries, and a few are none: who closes after each byte would
// keep a transfer of a gigabyte for years.
import { LabError } from '../base/errors.ts';

const mostTries = 5;
/** What so many tries together must bring for the next ones. */
const leastGainBytes = 64 * 1024;

export class Tries {
  #count = 0;
  /** How far it had come when they were counted anew. */
  #from: number;
  readonly #what: 'brought' | 'took';

  constructor(offset: number, what: 'brought' | 'took') {
    this.#from = offset;
    this.#what = what;
  }

  /** One more has failed, at this offset. Returns which one since it last came far enough; throws the error, with that, after the last. */
  failed(error: LabError, offset: number): number {
    const gained = offset - this.#from;
    if (gained >= leastGainBytes) {
      this.#from = offset;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count < mostTries) return this.#count;
    if (gained <= 0) throw error;
    const { kind, message, hint, data } = error;
    throw new LabError(
      kind,
      `${message}; ${mostTries} connections ${this.#what} ${gained} bytes, which is too few to go on`,
      {
        cause: error,
        ...(hint === undefined ? {} : { hint }),
        ...(data === undefined ? {} : { data }),
      },
    );
  }
}
