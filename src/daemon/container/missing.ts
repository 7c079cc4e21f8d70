// Deleting what may be gone already.
import { LabError } from '../../base/errors.ts';

/** Waits for the call; that its object does not exist (any more) is no failure. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'notFound') throw error;
  }
}
