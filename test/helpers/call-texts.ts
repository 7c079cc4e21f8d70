// Calls as text, `name(arguments) = result`, by thread: from a recording of the tracer and from a log of strace -f.
import { readFileSync } from 'node:fs';
import { openRecording } from '../../src/tracer/calls.ts';

export interface CallText {
  name: string;
  /** Between the brackets. */
  args: string;
  result: string;
}

export type CallTexts = Map<number, CallText[]>;

function add(threads: CallTexts, tid: number, call: CallText): void {
  const calls = threads.get(tid) ?? [];
  calls.push(call);
  threads.set(tid, calls);
}

export function recordedTexts(path: string): CallTexts {
  const threads: CallTexts = new Map();
  const recording = openRecording(path);
  for (const event of recording.events()) {
    if (event.kind !== 'call') continue;
    const { tid, name, args, result, errno } = event;
    add(threads, tid, { name, args: args.join(', '), result: `${result ?? '?'}${errno ? ` ${errno}` : ''}` });
  }
  recording.close();
  return threads;
}

/** Without the words of an error and what a result means. A call that another thread interrupted stands on two lines of the log. */
export function stracedTexts(path: string): CallTexts {
  const threads: CallTexts = new Map();
  const unfinished = new Map<number, string>();
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const [, id, rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (id === undefined) continue;
    const tid = Number(id);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const whole = resumed === undefined ? rest : `${unfinished.get(tid)}${resumed}`;
    unfinished.delete(tid);
    if (whole.endsWith('<unfinished ...>')) {
      unfinished.set(tid, whole.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const [, name, args = '', result = ''] = /^(\w+)\((.*)\) += (\?|-?\w+(?: E[A-Z]\w+)?)(?: .*)?$/.exec(whole) ?? [];
    if (name !== undefined) add(threads, tid, { name, args: args.trim(), result });
  }
  return threads;
}
