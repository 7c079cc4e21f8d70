// Events made by hand for tests of explanations: a system call from a line as strace prints it, an operation, a message.
import type { TraceEvent } from '../../src/trace/file.ts';

const base = { ts: 1_000_000, pid: 4711, tid: 4711, span: 'a', stage: 'kernel' as const, truth: 'observed' as const };

export const event = (type: string, data: Record<string, unknown>, rest: Partial<TraceEvent> = {}): TraceEvent => ({
  ...base,
  seq: 1,
  type,
  data,
  ...rest,
});

export const operation = (
  name: string,
  values: Record<string, unknown> = {},
  rest: Record<string, unknown> = {},
): TraceEvent =>
  event('kernel.operation-executed', {
    index: 0,
    operation: name,
    arguments: values,
    actor: 'init',
    durationNs: 1,
    result: 0,
    ...rest,
  });

/** `mount("proc", "/proc", "proc", 0, NULL) = 0`, with who made it in front: `daemon: setns(…) = 0`; the runtime without it. */
export function call(line: string, rest: Partial<TraceEvent> = {}): TraceEvent {
  const [, process = 'runc', name, args = '', result = '0', errno] =
    /^(?:([\w:[\]-]+): )?(\w+)\((.*)\) = (-?\w+|\?)(?: (E\w+))?$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`"${line}": expected a line of strace`);
  const data = { name, args: splitArguments(args), process, result: Number(result) };
  return event('kernel.syscall-made', errno === undefined ? data : { ...data, errno }, rest);
}

/** At commas that stand in no string and no bracket. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let isString = false;
  let part = '';
  for (const [at, character] of [...text].entries()) {
    if (character === '"' && text[at - 1] !== '\\') isString = !isString;
    else if (!isString && '[{('.includes(character)) depth++;
    else if (!isString && ']})'.includes(character)) depth--;
    if (character === ',' && depth === 0 && !isString) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return part.trim() === '' ? parts : [...parts, part.trim()];
}
