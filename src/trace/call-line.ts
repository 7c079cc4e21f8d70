// One line of level 3: the system calls of a trace, of which there may be a million.
//   seq, ts, pid, tid, type; then data, its short fields first and its args last. `stage` and `truth` are left out where they are kernel
//   and observed, `span` and `cause` where they are those of the event in `operation`; else they stand before data.
// Rule: callLine and glanceForm belong together. A line that is written otherwise is read all the same, only slower.
import { printableJson } from '../base/text.ts';
import { events as rows } from './events.ts';
import { isEvent, parseObject, type TraceEvent } from './file.ts';
import { hasItsShape } from './shape.ts';

const levels = new Map(Object.entries(rows).map(([type, row]) => [type, row.level]));
/** Whether events of this type stand in the second part of a file. */
export const isCallType = (type: unknown): boolean => levels.get(type as string) === 3;

/** One line of level 3, with what it leaves out; undefined when it is none. */
export function parseCall(line: string, operationOf?: (seq: number) => TraceEvent | undefined): TraceEvent | undefined {
  const value = parseObject(line);
  if (value === undefined || typeof value.data !== 'object' || value.data === null) return undefined;
  const { operation } = value.data as Record<string, unknown>;
  const carried = typeof operation === 'number' ? operationOf?.(operation) : undefined;
  value.stage ??= 'kernel';
  value.truth ??= 'observed';
  value.span ??= carried?.span ?? '';
  if (value.cause === undefined && carried?.cause !== undefined) value.cause = carried.cause;
  if (!isEvent(value)) return undefined;
  const event = value as unknown as TraceEvent;
  return hasItsShape(event) ? event : undefined;
}

/** The line of a level 3 event. `operation` is the event that its data names, if any: what is the same there is not repeated. */
export function callLine(
  event: Pick<TraceEvent, 'seq' | 'ts' | 'pid' | 'tid' | 'type' | 'data'> & Partial<TraceEvent>,
  operation?: TraceEvent,
): string {
  const { seq, ts, pid, tid, type, stage, truth, span, cause, twin } = event;
  const { name, process, result, errno, durationNs, operation: carried, noise, args, ...others } = event.data;
  const data = {
    name,
    process,
    result,
    errno,
    durationNs,
    operation: carried,
    noise: noise || undefined,
    ...others,
    args,
  };
  return printableJson({
    seq,
    ts,
    pid,
    tid,
    type,
    stage: stage === 'kernel' ? undefined : stage,
    truth: truth === 'observed' ? undefined : truth,
    span: span === (operation?.span ?? '') ? undefined : span,
    cause: cause === operation?.cause ? undefined : cause,
    twin,
    data,
  });
}

const headMark = '{"seq":';

/** The number in the line of an event, if it begins as callLine begins it. */
export function numberAtHead(line: string): number | undefined {
  return line.startsWith(headMark) ? countAt(line, headMark.length) : undefined;
}

/** The digits at a position, digit by digit: a million lines are looked at so. Undefined where there are none, or too many. */
function countAt(line: string, from: number): number | undefined {
  let number = 0;
  let at = from;
  for (; at < line.length; at++) {
    const digit = line.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    number = number * 10 + digit;
  }
  return at === from || !Number.isSafeInteger(number) ? undefined : number;
}

/** Without groups: what is asked for is searched in the head then, and most lines are asked for one field. */
const glanceForm =
  /\{"seq":\d+,"ts":-?\d+,"pid":\d+,"tid":\d+,"type":"kernel\.syscall-made","data":\{"name":"\w+","process":"[^"\\\x80-\xff]*",(?:"result":(?:-?\d+|"[^"\\]*"),)?(?:"errno":"\w+",)?(?:"durationNs":\d+,)?(?:"operation":\d+,)?(?:"noise":true,)?"args":\[/y;

/** What can be told of a line that callLine wrote without parsing it: each field is looked for when it is asked for. */
export class Glance {
  /** As latin1: what bytes above 127 stand for is left open. */
  readonly line: string;
  /** Where the arguments begin; no field is looked for behind it. */
  private readonly headEnd: number;
  private readonly operationOf: (seq: number) => TraceEvent | undefined;

  private constructor(line: string, headEnd: number, operationOf: (seq: number) => TraceEvent | undefined) {
    this.line = line;
    this.headEnd = headEnd;
    this.operationOf = operationOf;
  }

  /** Undefined for a line of any other form. */
  static at(line: string, operationOf: (seq: number) => TraceEvent | undefined): Glance | undefined {
    glanceForm.lastIndex = 0;
    return glanceForm.test(line) ? new Glance(line, glanceForm.lastIndex, operationOf) : undefined;
  }

  /** Where the value of a field begins; undefined where the line has none. No value of the head holds quotes. */
  private at(mark: string): number | undefined {
    const found = this.line.indexOf(mark);
    return found >= 0 && found < this.headEnd ? found + mark.length : undefined;
  }
  private number(mark: string): number | undefined {
    const at = this.at(mark);
    if (at === undefined) return undefined;
    return this.line[at] === '-' ? -(countAt(this.line, at + 1) ?? Number.NaN) : countAt(this.line, at);
  }
  private text(mark: string): string | undefined {
    const at = this.at(mark);
    return at === undefined ? undefined : this.line.slice(at, this.line.indexOf('"', at));
  }

  get seq(): number {
    return this.number(headMark) ?? 0;
  }
  get ts(): number {
    return this.number(',"ts":') ?? 0;
  }
  get pid(): number {
    return this.number(',"pid":') ?? 0;
  }
  get tid(): number {
    return this.number(',"tid":') ?? 0;
  }
  get name(): string {
    return this.text('"name":"') ?? '';
  }
  get process(): string {
    return this.text(',"process":"') ?? '';
  }
  get result(): number | string | undefined {
    return this.text(',"result":"') ?? this.number(',"result":');
  }
  get errno(): string | undefined {
    return this.text(',"errno":"');
  }
  get durationNs(): number | undefined {
    return this.number(',"durationNs":');
  }
  get operation(): number | undefined {
    return this.number(',"operation":');
  }
  get noise(): boolean {
    return this.at(',"noise":') !== undefined;
  }
  /** The event that it carries out. */
  get carried(): TraceEvent | undefined {
    const { operation } = this;
    return operation === undefined ? undefined : this.operationOf(operation);
  }
}
