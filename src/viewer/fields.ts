// The fields of the filter language: where each is in an event, and in a line of level 3 that was only glanced at.
import { LabError } from '../base/errors.ts';
import { levelOf, wordsOf } from '../explain/words.ts';
import type { Glance } from '../trace/call-line.ts';
import type { TraceEvent } from '../trace/file.ts';
import { isCall, matchedWords } from './call.ts';

export interface Field {
  /** A value, or an array of several of which one has to match. */
  ofEvent(event: TraceEvent): unknown;
  /** Absent where a glance does not tell. */
  ofGlance?: (call: Glance) => unknown;
  /** The text of a call's field stands in its line as it is. */
  isInLine?: boolean;
}

const numeric = (value: unknown): unknown => (typeof value === 'string' ? Number(value) : value);

const fields = new Map<string, Field>(
  Object.entries({
    seq: { ofEvent: (e) => e.seq, ofGlance: (c) => c.seq },
    ts: { ofEvent: (e) => e.ts, ofGlance: (c) => c.ts },
    stage: { ofEvent: (e) => e.stage, ofGlance: () => 'kernel' },
    pid: { ofEvent: (e) => e.pid, ofGlance: (c) => c.pid },
    tid: { ofEvent: (e) => e.tid, ofGlance: (c) => c.tid },
    type: { ofEvent: (e) => e.type, ofGlance: () => 'kernel.syscall-made' },
    kind: { ofEvent: (e) => e.type.slice(e.type.indexOf('.') + 1), ofGlance: () => 'syscall-made' },
    level: { ofEvent: (e) => levelOf(e), ofGlance: () => 3 },
    span: { ofEvent: (e) => e.span, ofGlance: (c) => c.carried?.span ?? '' },
    cause: { ofEvent: (e) => e.cause, ofGlance: (c) => c.carried?.cause },
    truth: { ofEvent: (e) => e.truth, ofGlance: () => 'observed' },
    dur: { ofEvent: (e) => e.data.durationNs, ofGlance: (c) => c.durationNs },
    name: { ofEvent: nameOf, ofGlance: (c) => c.name, isInLine: true },
    process: { ofEvent: (e) => e.data.process, ofGlance: (c) => c.process, isInLine: true },
    path: { ofEvent: (e) => (isCall(e) ? pathsOf(e) : (e.data.path ?? e.data.target)), isInLine: true },
    arg: {
      ofEvent: (e) => (isCall(e) ? argumentsOf(e).flatMap((one) => [one, bare(one)]) : undefined),
      isInLine: true,
    },
    result: { ofEvent: (e) => numeric(e.data.result), ofGlance: (c) => numeric(c.result) },
    errno: { ofEvent: (e) => e.data.errno, ofGlance: (c) => c.errno, isInLine: true },
    operation: { ofEvent: (e) => e.data.operation, ofGlance: (c) => c.operation },
    noise: { ofEvent: (e) => e.data.noise === true, ofGlance: (c) => c.noise },
    layer: { ofEvent: (e) => e.data.digest },
    rule: { ofEvent: (e) => e.data.rule },
  } satisfies Record<string, Field>),
);

/** What a bare word is looked for in. */
export const wordField: Field = {
  ofEvent: (event) => (isCall(event) ? matchedWords(event) : [wordsOf(event), event.type]),
  isInLine: true,
};

/** Of a system call, an operation, a message. */
function nameOf({ data }: TraceEvent): unknown {
  if (typeof data.name === 'string') return data.name;
  return typeof data.operation === 'string' ? data.operation : (data.method ?? data.message);
}

const argumentsOf = ({ data }: TraceEvent): string[] =>
  Array.isArray(data.args) ? data.args.filter((one) => typeof one === 'string') : [];

const bare = (argument: string): string => argument.replace(/^"(.*)"$/s, '$1');

/** What stands in quotes, and what a descriptor is open on: `"/proc"`, `3</proc/self/mountinfo>`. */
function pathsOf(event: TraceEvent): string[] {
  return argumentsOf(event).flatMap((one) => {
    const open = one.indexOf('<');
    if (one.startsWith('"')) return [bare(one)];
    return open > 0 && one.endsWith('>') ? [one.slice(open + 1, -1)] : [];
  });
}

const glancedData = new Map<string, (call: Glance) => unknown>([
  ['name', (c) => c.name],
  ['process', (c) => c.process],
  ['result', (c) => c.result],
  ['errno', (c) => c.errno],
  ['durationNs', (c) => c.durationNs],
  ['operation', (c) => c.operation],
  ['noise', (c) => (c.noise ? true : undefined)],
]);

/** A column, or `data.x.y` for anything else in the event. @throws LabError usage */
export function fieldOf(name: string): Field {
  const known = fields.get(name);
  if (known !== undefined) return known;
  if (!name.startsWith('data.')) {
    throw new LabError(
      'usage',
      `--filter: no field "${name}", expected ${[...fields.keys()].join(', ')} or data.<name>`,
    );
  }
  const steps = name.split('.').slice(1);
  const [first = ''] = steps;
  // A line that can be glanced at holds these and its args, nothing else.
  const ofGlance = steps.length === 1 ? (glancedData.get(first) ?? (() => undefined)) : () => undefined;
  return {
    ...(first !== 'args' && { ofGlance }),
    ofEvent: ({ data }) => {
      let value: unknown = data;
      for (const step of steps) {
        const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
        value = isObject ? (value as Record<string, unknown>)[step] : undefined;
      }
      return value;
    },
  };
}
