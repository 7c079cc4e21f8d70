// The calls of a recording, each with its arguments decoded, in the order in which they began; and between them what became of
// processes. Two passes: the first links every exit to its enter, the second decodes. Memory: 8 bytes a call and a chunk of the file.
// Rule: an exit belongs to the last enter of its thread, and to no other; what does not fit is counted, never guessed.
import { type DescribedCall, describeCall } from './describe.ts';
import { changesDescriptors, DescriptorTables, workingFolder } from './descriptors.ts';
import { Captures, type OtherTable, type RawCall, withoutCaptures } from './raw.ts';
import {
  type Capture,
  type Damage,
  fileSource,
  numberUnknown,
  RecordFile,
  type RecordView,
  recordFlags,
  recordTypes,
  type Source,
  type TracerCounts,
} from './records.ts';
import { existingName } from './socket-names.ts';
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
  otherTable?: OtherTable;
  /** A seccomp filter answered: the kernel never began the call. */
  isRefused?: true;
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
  /** The same for the record of the execution that a call brought about. */
  executions: Map<number, number>;
  calls: number;
  paired: number;
  orphanExits: number;
  unknown: number;
  counts?: TracerCounts;
}

function linkExits(file: RecordFile): Links {
  const links: Links = {
    exits: new Float64Array(1 << 14),
    executions: new Map(),
    calls: 0,
    paired: 0,
    orphanExits: 0,
    unknown: 0,
  };
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
      if (caller) {
        links.executions.set(caller.index, record.offset);
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

/** An exit tells the number again, if it still knows it. */
const isSameCall = (enter: number, exit: number): boolean => enter === exit || exit === numberUnknown;

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

/** Calls that make a process: its table of descriptors depends on their flags. */
const makesProcess = (name: string): boolean => name === 'clone' || name === 'clone3';

function* decode(file: RecordFile, links: Links, wants?: (call: CallHead) => boolean): Generator<RecordedEvent> {
  const tables = new DescriptorTables();
  const running = new Map<number, RawCall>();
  let index = 0;
  for (const record of file.records()) {
    if (record.type === recordTypes.enter) {
      const call = headOf(file.machine, record);
      const exit = exitOf(file, record, links.exits[index] ?? 0, call);
      const isWanted = wants === undefined || wants(call);
      const isFollowed = changesDescriptors(call.name) || makesProcess(call.name);
      if (isWanted || isFollowed) fill(call, file, record, exit, links.executions.get(index));
      if (isFollowed) running.set(call.tid, call);
      if (isWanted) yield callEvent(call, file.machine, tables);
      index++;
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

function headOf(machine: Machine, enter: RecordView): RawCall {
  const { pid, tid, number, flags } = enter;
  const call: RawCall = { pid, tid, number, name: '', startNs: enter.timeNs, registers: [], parts: withoutCaptures };
  if (flags & recordFlags.compat) call.otherTable = machine === 'x64' ? 'i386' : 'arm';
  else if (flags & recordFlags.x32) call.otherTable = 'x32';
  if (flags & recordFlags.refused) call.isRefused = true;
  call.name = syscallName(machine, number, call.otherTable);
  return call;
}

function exitOf(file: RecordFile, enter: RecordView, offset: number, call: RawCall): RecordView | undefined {
  if (offset === 0) return undefined;
  const exit = file.at(offset, enter.offset);
  call.endNs = exit.timeNs;
  call.result = exit.signed64(0);
  return exit;
}

/** Registers, and what was read at entry, at exit, and of a new program where its call could not be read. */
function fill(
  call: RawCall,
  file: RecordFile,
  enter: RecordView,
  exit: RecordView | undefined,
  executed: number | undefined,
): void {
  const registers: bigint[] = [];
  for (let at = 0; at < 48; at += 8) registers.push(enter.unsigned64(at));
  call.registers = registers;
  const lists: Capture[][] = [];
  if (enter.hasCaptures()) lists.push(enter.captures());
  if (exit?.hasCaptures()) lists.push(exit.captures());
  if (executed !== undefined) lists.unshift(file.at(executed, enter.offset).captures());
  if (lists.length === 0) return;
  const captures = new Captures();
  for (const list of lists) captures.add(list);
  call.parts = (position) => captures.parts(position);
}

function callEvent(call: RawCall, machine: Machine, tables: DescriptorTables): CallEvent {
  const table = tables.of(call.pid);
  const process: ProcessView = { machine, descriptor: (fd) => table.name(fd) };
  const { pid, tid, number } = call;
  const event: CallEvent = {
    kind: 'call',
    timeNs: call.startNs,
    pid,
    tid,
    number,
    ...describeCall(call, process),
  };
  if (call.endNs !== undefined) event.endNs = call.endNs;
  if (call.otherTable) event.otherTable = call.otherTable;
  if (call.isRefused) event.isRefused = true;
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
        if (capture.whole >= 0 || capture.whole === workingFolder) table.open(capture.whole, existingName(name));
      }
      return { kind: 'process', ...moment, command: record.text(0, 16) };
    }
    default:
      return undefined;
  }
}
