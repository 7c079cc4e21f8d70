// Deleting what may be gone already, making what may be there.
import { type ErrorKind, LabError } from '../../base/errors.ts';

/** Waits for the call; that its object does not exist (any more) is no failure. */
export const ignoreMissing = (call: Promise<unknown>): Promise<void> => ignoring('notFound', call);

/** Waits for the call; that its object is there already is no failure. */
export const ignoreExisting = (call: Promise<unknown>): Promise<void> => ignoring('alreadyExists', call);

async function ignoring(kind: ErrorKind, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== kind) throw error;
  }
}
