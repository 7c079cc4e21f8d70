// mkfifo(3), which Node does not have, through koffi: a process for it would cost more than the whole start.
import { kernelError } from '../errors.ts';
import { library } from './library.ts';

/** Makes a FIFO that only root may open. Errors: by errno. */
export function makeFifo(path: string): void {
  if (library().mkfifo(path, 0o600) === 0) return;
  throw kernelError({ call: 'mkfifo(3)', what: `making FIFO "${path}"`, errno: library().errno() });
}
