// Exit statuses that commands hand on.
import { type ErrorKind, errorKinds } from '../base/errors.ts';

/** 125 for the engine, 126 and 127 for the program. @source docker-run exit status */
export const exitStatusOfRun = (kind: ErrorKind): number => errorKinds[kind].exit;

/** exec keeps 126 and 127, and answers 1 for its own errors. @source docker-exec exit status */
export const exitStatusOfExec = (kind: ErrorKind): number => {
  if (kind === 'usage') return 125;
  const status = errorKinds[kind].exit;
  return status === 125 ? 1 : status;
};
