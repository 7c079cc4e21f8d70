// A recording of `strace -f -y -ttt` as the events that the tracer makes of the same calls: for tests of what is derived from calls.
import type { TraceEvent } from '../../src/trace/file.ts';

const lineForm = /^(\d+) +(\d+\.\d+) (.*)$/;
const callForm = /^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*>)?(?: ([A-Z]\w*))?/s;

/** Splits `a, {b, c}, "d, e"` at the commas that stand between arguments. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let part = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quoted) {
      if (c === '\\') part += c + (text[++i] ?? '');
      else {
        quoted = c !== '"';
        part += c;
      }
      continue;
    }
    if (c === ',' && depth === 0 && text[i + 1] === ' ') {
      parts.push(part);
      part = '';
      i++;
      continue;
    }
    quoted = c === '"';
    if ('{[('.includes(c)) depth++;
    if ('}])'.includes(c)) depth--;
    part += c;
  }
  return part === '' ? parts : [...parts, part];
}

const isClone = (name: string): boolean => ['clone', 'clone3', 'fork', 'vfork'].includes(name);

/** The calls of a recording; every thread counts as a process of its own, as strace numbers them, unless clone says CLONE_THREAD. */
export function readStrace(text: string, process = 'runc'): TraceEvent[] {
  const events: TraceEvent[] = [];
  const waiting = new Map<string, { head: string; at: number }>();
  const leader = new Map<number, number>();
  const add = (tid: number, ts: number, call: RegExpExecArray): void => {
    const [, name = '', args = '', result = '?', errno] = call;
    const pid = leader.get(tid) ?? tid;
    const data: Record<string, unknown> = { name, args: splitArguments(args), process };
    if (result !== '?') data.result = result.startsWith('0x') ? result : Number(result);
    if (errno !== undefined) data.errno = errno;
    const base = { seq: 0, ts, stage: 'kernel' as const, pid, tid, span: '0'.repeat(16), truth: 'observed' as const };
    events.push({ ...base, type: 'kernel.syscall-made', data });
    if (isClone(name) && Number(result) > 0) {
      const child = Number(result);
      if (args.includes('CLONE_THREAD')) leader.set(child, pid);
      const made = { childPid: leader.get(child) ?? child, childTid: child, process };
      events.push({ ...base, type: 'kernel.process-forked', data: made });
    }
  };
  for (const line of text.split('\n')) {
    const [, pid = '', time = '', rest = ''] = lineForm.exec(line) ?? [];
    const ts = Math.round(Number(time) * 1e6) * 1000;
    if (rest.endsWith('<unfinished ...>')) {
      waiting.set(pid, { head: rest.slice(0, -'<unfinished ...>'.length).trimEnd(), at: ts });
      continue;
    }
    const [, name = '', tail = ''] = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest) ?? [];
    const whole = name === '' ? rest : `${waiting.get(pid)?.head ?? `${name}(`}${/^[,)]/.test(tail) ? '' : ' '}${tail}`;
    const call = callForm.exec(whole);
    if (call !== null) add(Number(pid), name === '' ? ts : (waiting.get(pid)?.at ?? ts), call);
  }
  // A call belongs where it began; a fork is known when the parent returns, which may be later than the child's first call.
  return sortForks(events.sort((a, b) => a.ts - b.ts)).map((event, i) => ({ ...event, seq: i + 1 }));
}

/** Puts each fork before the first call of its child. */
function sortForks(events: TraceEvent[]): TraceEvent[] {
  const forks = events.filter((event) => event.type === 'kernel.process-forked');
  const firstCall = new Map<number, TraceEvent>();
  for (const event of events) if (!firstCall.has(event.tid)) firstCall.set(event.tid, event);
  const early = new Map<TraceEvent, TraceEvent[]>();
  const moved = new Set<TraceEvent>();
  for (const fork of forks) {
    const first = firstCall.get(Number(fork.data.childTid));
    if (first === undefined || first.ts > fork.ts) continue;
    early.set(first, [...(early.get(first) ?? []), fork]);
    moved.add(fork);
  }
  return events.flatMap((event) => (moved.has(event) ? [] : [...(early.get(event) ?? []), event]));
}
