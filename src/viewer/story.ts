// Level 0: the story of a trace in beats, one line each with its time and stage.
import { styleText } from 'node:util';
import { fit, printable } from '../base/text.ts';
import { type Beat, beats } from '../explain/beats.ts';
import { isError, wordsOf } from '../explain/words.ts';
import { stages } from '../trace/events.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';

export interface ToldBeat {
  beat: Beat;
  events: [TraceEvent, ...TraceEvent[]];
}

/** Sorts events into beats; give it more events as they come. Beats come out in the order of their first events. */
export function gatherBeats(told: Map<string, ToldBeat>, events: Iterable<TraceEvent>): void {
  for (const event of events) {
    const beat = beats.find((one) => one.matches(event));
    if (beat === undefined) continue;
    const known = told.get(beat.id);
    if (known === undefined) told.set(beat.id, { beat, events: [event] });
    else known.events.push(event);
  }
}

const stageColours = {
  cli: 'cyan',
  daemon: 'blue',
  containerd: 'magenta',
  shim: 'yellow',
  runc: 'green',
  kernel: 'red',
} as const;

export function beatLine({ beat, events }: ToldBeat, width: number): string {
  const time = (events[0].ts / 1e6).toFixed(1).padStart(8);
  const words = fit(printable(beat.says(events)), Math.max(30, width - 24));
  return `${styleText('dim', `${time} ms`)}  ${styleText(stageColours[beat.stage], beat.stage.padEnd(10))} ${words}`;
}

/** The whole story of a trace; errors are told wherever they happened. */
export function storyLines(trace: Trace, width: number): string[] {
  const told = new Map<string, ToldBeat>();
  gatherBeats(told, trace.events);
  const lines = [...told.values()].map((one) => ({ ts: one.events[0].ts, line: beatLine(one, width) }));
  for (const event of trace.events.filter(isError).slice(0, 10)) {
    const words = fit(wordsOf(event), Math.max(30, width - 24));
    lines.push({
      ts: event.ts,
      line: `${(event.ts / 1e6).toFixed(1).padStart(8)} ms  ${styleText('red', `ERROR ${event.stage}`.padEnd(10))} ${words}`,
    });
  }
  return lines.sort((a, b) => a.ts - b.ts).map(({ line }) => line);
}

/** What a recording ends with: what was seen, and how to see more. */
export function storyEnd(trace: Trace): string[] {
  const { header } = trace;
  const counts = stages.map((stage) => `${stage} ${trace.events.filter((event) => event.stage === stage).length}`);
  return [
    '',
    `${header.seen} events from ${header.processes.length} processes: ${counts.join(', ')}; lost ${header.lost}`,
    ...header.blind.map((words) => `not seen: ${words}`),
    `more: tlab trace show --level 1 (messages), --level 2 (kernel operations), tlab why EVENT`,
  ];
}
