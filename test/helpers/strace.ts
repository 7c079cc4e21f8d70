// What strace -f -n wrote, as calls by thread, in the words of the kernel: numbers and results as they are, no names.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

export interface StracedCall {
  number: number;
  /** Undefined: it never returned. An error as the negative number that the kernel returns. */
  result: number | undefined;
  line: string;
}

/** Codes that stay inside of the kernel and that only tracers see. @source linux/errno.h */
const restarts: Readonly<Record<string, number>> = {
  ERESTARTSYS: -512,
  ERESTARTNOINTR: -513,
  ERESTARTNOHAND: -514,
  ERESTART_RESTARTBLOCK: -516,
};

/** `123 [ 257] openat(…`, `123 [ 257] <... openat resumed>…`; other lines are about signals and ends. @source man strace(1) */
const callLine = /^(\d+) +\[ *(-?\d+|\?+)\] (<\.\.\. )?(\w+)(?: resumed>|\()/;
const resultPart = /\) += (\?|-?[0-9a-fx]+)(?: (E[A-Z0-9_]+))?(?: .*)?$/;
/** What rt_sigreturn brings back may look like an error that there is not. */
const namelessError = /\) += -1 \(errno (\d+)\)$/;

export function readStrace(path: string): Map<number, StracedCall[]> {
  const threads = new Map<number, StracedCall[]>();
  const unfinished = new Map<number, StracedCall>();
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const [, tid, number, resumed] = callLine.exec(line) ?? [];
    if (tid === undefined) continue;
    const thread = Number(tid);
    let call = unfinished.get(thread);
    if (resumed === undefined || call === undefined) {
      call = { number: Number(number), result: undefined, line };
      const calls = threads.get(thread) ?? [];
      calls.push(call);
      threads.set(thread, calls);
    }
    unfinished.delete(thread);
    if (line.endsWith('<unfinished ...>')) unfinished.set(thread, call);
    else call.result = resultOf(line);
  }
  return threads;
}

function resultOf(line: string): number | undefined {
  const nameless = namelessError.exec(line)?.[1];
  if (nameless !== undefined) return -Number(nameless);
  // umask answers in octal.
  const [, value = '?', error] = resultPart.exec(line) ?? [];
  if (error !== undefined) {
    const code = (constants.errno as Record<string, number>)[error];
    return restarts[error] ?? (code === undefined ? undefined : -code);
  }
  if (value === '?') return undefined;
  if (/^0[0-7]+$/.test(value)) return Number.parseInt(value, 8);
  // What rt_sigreturn brings back is any register: strace prints it without a sign. @source man strace(1)
  return Number(BigInt.asIntN(64, BigInt(value)));
}
