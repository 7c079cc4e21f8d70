// A long trace out of a recorded one, repeated: events of levels 0 to 2 in memory, system calls in a file. Numbers and times go on.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';

/** Levels 0 to 2, at least `count` events; no system calls. */
export function longTrace({ calls: _calls, ...trace }: Trace, count: number): Trace {
  const events: TraceEvent[] = [];
  const last = trace.events.at(-1)?.ts ?? 0;
  while (events.length < count) {
    const shift = (events.length / trace.events.length) * last;
    for (const event of trace.events) events.push({ ...event, seq: events.length + 1, ts: event.ts + shift });
  }
  const { calls: _count, ...header } = trace.header;
  return { ...trace, header: { ...header, seen: events.length }, events };
}

/** The file of `from` with its lines of level 3 repeated until there are `count`; returns how many there are. */
export function writeLongFile(from: string, to: string, count: number): number {
  const lines = readFileSync(from, 'utf8').trimEnd().split('\n');
  const header = JSON.parse(lines[0] ?? '') as { seen: number; calls: number };
  const calls = lines.slice(1 + header.seen - header.calls);
  const last = header.seen;
  const rounds = Math.ceil(count / calls.length);
  const fd = openSync(to, 'w');
  const whole = { ...header, calls: rounds * calls.length, seen: header.seen + (rounds - 1) * calls.length };
  writeSync(fd, `${[JSON.stringify(whole), ...lines.slice(1)].join('\n')}\n`);
  for (let round = 1; round < rounds; round++) {
    const first = last + (round - 1) * calls.length;
    writeSync(fd, `${calls.map((line, i) => line.replace(/^\{"seq":\d+/, `{"seq":${first + i + 1}`)).join('\n')}\n`);
  }
  closeSync(fd);
  return whole.calls;
}
