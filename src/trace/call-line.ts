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

const glanceForm =
  /^\{"seq":(\d+),"ts":(-?\d+),"pid":(\d+),"tid":(\d+),"type":"kernel\.syscall-made","data":\{"name":"(\w+)","process":"([^"\\\x80-\xff]*)",(?:"result":(?:(-?\d+)|"([^"\\]*)"),)?(?:"errno":"(\w+)",)?(?:"durationNs":(\d+),)?(?:"operation":(\d+),)?(?:"noise":(true),)?"args":\[/;

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** What can be told of a line that callLine wrote without parsing it. Its numbers are made when they are asked for. */
export class Glance {
  /** As latin1: what bytes above 127 stand for is left open. */
  readonly line: string;
  private readonly found: RegExpExecArray;
  private readonly operationOf: (seq: number) => TraceEvent | undefined;

  private constructor(line: string, found: RegExpExecArray, operationOf: (seq: number) => TraceEvent | undefined) {
    this.line = line;
    this.found = found;
    this.operationOf = operationOf;
  }

  /** Undefined for a line of any other form. */
  static at(line: string, operationOf: (seq: number) => TraceEvent | undefined): Glance | undefined {
    const found = glanceForm.exec(line);
    return found === null ? undefined : new Glance(line, found, operationOf);
  }

  get seq(): number {
    return Number(this.found[1]);
  }
  get ts(): number {
    return Number(this.found[2]);
  }
  get pid(): number {
    return Number(this.found[3]);
  }
  get tid(): number {
    return Number(this.found[4]);
  }
  get name(): string {
    return this.found[5] ?? '';
  }
  get process(): string {
    return this.found[6] ?? '';
  }
  get result(): number | string | undefined {
    return this.found[8] ?? numberOf(this.found[7]);
  }
  get errno(): string | undefined {
    return this.found[9];
  }
  get durationNs(): number | undefined {
    return numberOf(this.found[10]);
  }
  get operation(): number | undefined {
    return numberOf(this.found[11]);
  }
  get noise(): boolean {
    return this.found[12] !== undefined;
  }
  /** The event that it carries out. */
  get carried(): TraceEvent | undefined {
    const { operation } = this;
    return operation === undefined ? undefined : this.operationOf(operation);
  }
}
