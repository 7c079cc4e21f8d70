// The calls of a recording, each with its arguments decoded, in the order in which they began; and between them what became of
// processes. Two passes: the first links every exit to its enter, the second decodes. Memory: 8 bytes a call and a chunk of the file.
// Rule: an exit belongs to the last enter of its thread, and to no other; what does not fit is counted, never guessed.
import { type DescribedCall, describeCall } from './describe.ts';
import { changesDescriptors, DescriptorTables, workingFolder } from './descriptors.ts';
import { Captures, type RawCall, withoutCaptures } from './raw.ts';
import {
  compatFlag,
  type Damage,
  fileSource,
  RecordFile,
  type RecordView,
  recordTypes,
  type Source,
  type TracerCounts,
} from './records.ts';
import { type Machine, syscallName } from './table.ts';
import type { ProcessView } from './view.ts';

interface Moment {
  /** CLOCK_MONOTONIC. */
  timeNs: bigint;
  pid: number;
  tid: number;
}

export interface CallEvent extends Moment, DescribedCall {
  kind: 'call';
  /** Absent: it never returned, or its end was not seen. */
  endNs?: bigint;
  number: number;
  isCompat: boolean;
}
export interface ForkEvent extends Moment {
  kind: 'fork';
  childPid: number;
  childTid: number;
  /** As the child's own pid namespace counts. */
  childInnerTid: number;
  command: string;
}
export interface ExecEvent extends Moment {
  kind: 'exec';
  /** Differs from tid when another thread than the first one executed. */
  oldTid: number;
  file: string;
}
export interface EndEvent extends Moment {
  kind: 'end';
  /** As wait(2) encodes it. */
  code: number;
  /** 0: the process ended with it. */
  threadsLeft: number;
}
/** A process that was there when the tracer was attached. */
export interface ProcessEvent extends Moment {
  kind: 'process';
  command: string;
}
export type RecordedEvent = CallEvent | ForkEvent | ExecEvent | EndEvent | ProcessEvent;

/** What is known of a call before it is decoded: enough to say whether it matters. */
export type CallHead = Omit<RawCall, 'registers' | 'parts'>;

export interface Recording {
  machine: Machine;
  startNs: bigint;
  /** Of the kernel side; absent when the tracer was not ended properly. */
  counts?: TracerCounts;
  /** Calls in the file, calls of them without an end, ends without a beginning (beside those of new threads), unknown records. */
  calls: number;
  unfinished: number;
  orphanExits: number;
  unknown: number;
  /** Where and why the file could not be read further. */
  damage?: Damage;
  /** May be walked more than once. `wants`: a call for which it says no is not decoded and left out. */
  events(wants?: (call: CallHead) => boolean): Generator<RecordedEvent>;
  close(): void;
}

/** Opens a tracer's file. @throws LabError when it is none. */
export function openRecording(from: string | Source): Recording {
  const file = new RecordFile(typeof from === 'string' ? fileSource(from) : from);
  const links = linkExits(file);
  const recording: Recording = {
    machine: file.machine,
    startNs: file.startNs,
    calls: links.calls,
    unfinished: links.calls - links.paired,
    orphanExits: links.orphanExits,
    unknown: links.unknown,
    events: (wants) => decode(file, links, wants),
    close: () => file.close(),
  };
  if (links.counts) recording.counts = links.counts;
  if (file.damage) recording.damage = file.damage;
  return recording;
}

/** What the first pass found. */
interface Links {
  /** By the position of the call in the file: offset of the exit record, 0 for none. */
  exits: Float64Array;
  calls: number;
  paired: number;
  orphanExits: number;
  unknown: number;
  counts?: TracerCounts;
}

const execCalls: ReadonlySet<number> = new Set([59, 322, 221, 281, 11, 358, 387]);
const noNumber = 0xffff;

function linkExits(file: RecordFile): Links {
  const links: Links = { exits: new Float64Array(1 << 14), calls: 0, paired: 0, orphanExits: 0, unknown: 0 };
  const open = new Map<number, { index: number; number: number }>();
  const newborn = new Set<number>();
  for (const record of file.records()) {
    const { type, tid } = record;
    if (type === recordTypes.enter) {
      if (links.calls === links.exits.length) links.exits = grown(links.exits);
      newborn.delete(tid);
      open.set(tid, { index: links.calls++, number: record.number });
    } else if (type === recordTypes.exit) {
      const enter = open.get(tid);
      open.delete(tid);
      if (enter && isSameCall(enter.number, record.number)) {
        links.exits[enter.index] = record.offset;
        links.paired++;
      } else if (!newborn.delete(tid)) {
        links.orphanExits++;
      }
    } else if (type === recordTypes.fork) {
      newborn.add(record.unsigned32(4));
    } else if (type === recordTypes.exec) {
      const oldTid = record.unsigned32(0);
      const caller = open.get(oldTid);
      if (oldTid !== tid && caller) {
        open.delete(oldTid);
        open.set(tid, caller);
      }
    } else if (type === recordTypes.end) {
      open.delete(tid);
      newborn.delete(tid);
    } else if (type === recordTypes.counts) {
      links.counts = countsOf(record);
    } else if (type !== recordTypes.process) {
      links.unknown++;
    }
  }
  return links;
}

/** An exit tells the number again; exec and rt_sigreturn have changed the registers by then. */
const isSameCall = (enter: number, exit: number): boolean =>
  enter === exit || exit === noNumber || execCalls.has(enter) || execCalls.has(exit) || enter === 15 || enter === 139;

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

const countNames = ['enters', 'exits', 'forks', 'execs', 'ends', 'dropped', 'missed', 'received'] as const;

function countsOf(record: RecordView): TracerCounts {
  const entries = countNames.map((name, index) => [name, Number(record.unsigned64(index * 8))]);
  return Object.fromEntries(entries) as Record<(typeof countNames)[number], number>;
}

/** Calls of which the tables of descriptors must know the arguments while they run. */
const makesProcess = (name: string): boolean => name === 'clone' || name === 'clone3';

function* decode(file: RecordFile, links: Links, wants?: (call: CallHead) => boolean): Generator<RecordedEvent> {
  const tables = new DescriptorTables();
  const running = new Map<number, RawCall>();
  let index = 0;
  for (const record of file.records()) {
    if (record.type === recordTypes.enter) {
      const call = callAt(file, record, links.exits[index++] ?? 0);
      if (changesDescriptors(call.name) || makesProcess(call.name)) running.set(call.tid, call);
      if (!wants || wants(call)) yield callEvent(call, file.machine, tables);
    } else if (record.type === recordTypes.exit) {
      const call = running.get(record.tid);
      if (!call) continue;
      running.delete(record.tid);
      tables.returned(call);
    } else {
      const event = processEvent(record, tables, running);
      if (event) yield event;
    }
  }
}

function callAt(file: RecordFile, enter: RecordView, exitOffset: number): RawCall {
  const registers: bigint[] = [];
  for (let at = 0; at < 48; at += 8) registers.push(enter.unsigned64(at));
  const isCompat = (enter.flags & compatFlag) !== 0;
  const { pid, tid, number } = enter;
  const name = syscallName(file.machine, number, isCompat);
  const call: RawCall = { pid, tid, number, isCompat, name, startNs: enter.timeNs, registers, parts: withoutCaptures };
  const atEnter = enter.hasCaptures() ? enter.captures() : undefined;
  let atExit: ReturnType<RecordView['captures']> | undefined;
  if (exitOffset !== 0) {
    const exit = file.at(exitOffset, enter.offset);
    call.endNs = exit.timeNs;
    call.result = exit.signed64(0);
    if (exit.hasCaptures()) atExit = exit.captures();
  }
  if (atEnter || atExit) {
    const captures = new Captures();
    captures.add(atEnter ?? []);
    captures.add(atExit ?? []);
    call.parts = (position) => captures.parts(position);
  }
  return call;
}

function callEvent(call: RawCall, machine: Machine, tables: DescriptorTables): CallEvent {
  const table = tables.of(call.pid);
  const process: ProcessView = { machine, descriptor: (fd) => table.name(fd) };
  const { pid, tid, number, isCompat } = call;
  const event: CallEvent = {
    kind: 'call',
    timeNs: call.startNs,
    pid,
    tid,
    number,
    isCompat,
    ...describeCall(call, process),
  };
  if (call.endNs !== undefined) event.endNs = call.endNs;
  return event;
}

function processEvent(
  record: RecordView,
  tables: DescriptorTables,
  running: Map<number, RawCall>,
): RecordedEvent | undefined {
  const moment = { timeNs: record.timeNs, pid: record.pid, tid: record.tid };
  switch (record.type) {
    case recordTypes.fork: {
      const [childPid, childTid, childInnerTid] = [record.unsigned32(0), record.unsigned32(4), record.unsigned32(8)];
      tables.forked(record.pid, childPid, running.get(record.tid));
      return { kind: 'fork', ...moment, childPid, childTid, childInnerTid, command: record.text(16, 16) };
    }
    case recordTypes.exec: {
      tables.executed(record.pid);
      const name = record.captures()[0]?.bytes ?? new Uint8Array(0);
      const end = name.indexOf(0);
      const file = Buffer.from(end === -1 ? name : name.subarray(0, end)).toString('utf8');
      return { kind: 'exec', ...moment, oldTid: record.unsigned32(0), file };
    }
    case recordTypes.end: {
      running.delete(record.tid);
      const threadsLeft = record.unsigned32(4);
      if (threadsLeft === 0) tables.ended(record.pid);
      return { kind: 'end', ...moment, code: record.signed32(0), threadsLeft };
    }
    case recordTypes.process: {
      const table = tables.of(record.pid);
      for (const capture of record.captures()) {
        const end = capture.bytes.indexOf(0);
        const name = Buffer.from(end === -1 ? capture.bytes : capture.bytes.subarray(0, end)).toString('utf8');
        if (capture.whole >= 0 || capture.whole === workingFolder) table.open(capture.whole, name);
      }
      return { kind: 'process', ...moment, command: record.text(0, 16) };
    }
    default:
      return undefined;
  }
}
