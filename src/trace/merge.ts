// Closing a trace: the parts that its processes wrote become one list by time.
// Rule: merging never changes a part, so it can be done again when a shim has written more (a container that outlives its `run -d`).
import { readdirSync, readFileSync } from 'node:fs';
import type { PartEvent } from './events.ts';
import { parseEvent, type Trace, type TraceEvent, type TraceHeader } from './file.ts';

/** What the merge needs from a stage above: turns the runtime's binary records into events. */
export type RecordExpander = (partsFolder: string, event: PartEvent) => PartEvent[];

interface ReadPart {
  pid: number;
  stage: string;
  events: PartEvent[];
  unreadable: number;
}

function readPart(folder: string, file: string): ReadPart {
  const [, stage = 'unknown', pid = '0'] = /^([a-z]+)-(\d+)\.jsonl$/.exec(file) ?? [];
  const part: ReadPart = { pid: Number(pid), stage, events: [], unreadable: 0 };
  for (const line of readFileSync(`${folder}/${file}`, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      const event = JSON.parse(line) as PartEvent;
      if (/^\d+$/.test(event.t)) part.events.push(event);
      else part.unreadable++;
    } catch {
      part.unreadable++; // the last line of a process that was killed while it wrote
    }
  }
  return part;
}

/** Decimal strings of nanoseconds: the longer is the later, equal lengths compare as text. */
const byTime = (a: PartEvent, b: PartEvent): number => a.t.length - b.t.length || (a.t < b.t ? -1 : a.t > b.t ? 1 : 0);

type HeaderBase = Omit<TraceHeader, 'processes' | 'seen' | 'lost'>;

/**
 * Reads `<folder>/parts` and returns the whole trace, events in order of time.
 * @param base what is known of the trace besides its parts; `clock.startNs` is what `ts` counts from
 */
export function mergeParts(folder: string, base: HeaderBase, expand: RecordExpander): Trace {
  const partsFolder = `${folder}/parts`;
  const parts = readdirSync(partsFolder)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => readPart(partsFolder, file));
  const all = parts.flatMap((part) => part.events.flatMap((event) => [event, ...expand(partsFolder, event)]));
  all.sort(byTime);
  const start = BigInt(base.clock.startNs);
  let unreadable = parts.reduce((sum, part) => sum + part.unreadable, 0);
  const events: TraceEvent[] = [];
  for (const { t, ...rest } of all) {
    const event = parseEvent(JSON.stringify({ seq: events.length + 1, ts: Number(BigInt(t) - start), ...rest }));
    if (event === undefined) unreadable++;
    else events.push(event);
  }
  const processes = parts.map((part) => ({ pid: part.pid, stage: part.stage, seen: part.events.length }));
  return { header: { ...base, processes, seen: events.length, lost: 0 }, events, unreadable };
}
