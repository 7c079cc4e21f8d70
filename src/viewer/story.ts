// Level 0: the story of a trace in beats, one line each with its time and stage.
import { paint } from '../base/colour.ts';
import { printable, wrap } from '../base/text.ts';
import type { Beat } from '../explain/beat.ts';
import { beats, clonedWithin, executedWithin, mostBeats, smallBeats } from '../explain/beats.ts';
import { isError, wordsOf } from '../explain/words.ts';
import { stages } from '../trace/events.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';

export interface ToldBeat {
  beat: Beat;
  events: [TraceEvent, ...TraceEvent[]];
}

/**
 * Sorts events into beats; give it more events as they come. Beats come out in the order of their first events.
 * In a script each step has beats of its own, and the step's line stands for its command.
 */
export function gatherBeats(told: Map<string, ToldBeat>, events: Iterable<TraceEvent>): void {
  let step = '';
  for (const event of events) {
    const beat = beatOf(event, told);
    if (event.type === 'cli.step-started') step = `${String(event.data.number)}/`;
    const isWithin = step !== '' && (beat?.id === 'command' || beat?.id === 'end');
    if (beat !== undefined && !isWithin) {
      const key = step + beat.id;
      const known = told.get(key);
      if (known === undefined) told.set(key, { beat, events: [event] });
      else known.events.push(event);
    }
    if (event.type === 'cli.step-ended') step = '';
  }
}

const executed = beats.find(({ id }) => id === 'exec');
const within = beats.find(({ id }) => id === executedWithin);

function beatOf(event: TraceEvent, told: ReadonlyMap<string, ToldBeat>): Beat | undefined {
  const beat = beats.find((one) => one.matches(event));
  if (beat === undefined || beat !== executed) return beat;
  const isWithin = [...told.values()].some(
    (one) => one.beat.id === clonedWithin && one.events.some(({ span }) => span === event.span),
  );
  return isWithin ? within : beat;
}

/**
 * The beats of a whole trace: what an earlier step of a script has told in the same words is not told again, and
 * of more than there may be the small ones are left out.
 */
export function beatsOf(events: Iterable<TraceEvent>): ToldBeat[] {
  const told = new Map<string, ToldBeat>();
  gatherBeats(told, events);
  const said = new Set<string>();
  let all = [...told].flatMap(([key, one]) => {
    const words = `${one.beat.id} ${one.beat.says(one.events)}`;
    if (key.includes('/') && one.beat.id !== 'step' && said.has(words)) return [];
    said.add(words);
    return [one];
  });
  for (const id of smallBeats) {
    if (all.length <= mostBeats) break;
    all = all.filter((one) => one.beat.id !== id);
  }
  return all;
}

const stageColours = {
  cli: 'cyan',
  daemon: 'blue',
  containerd: 'magenta',
  shim: 'yellow',
  runc: 'green',
  kernel: 'red',
} as const;

/** A beat with its time and stage; long words go on in further lines below themselves. */
export function beatLines({ beat, events }: ToldBeat, width: number): string[] {
  const time = (events[0].ts / 1e6).toFixed(1).padStart(8);
  const head = `${paint.out('dim', `${time} ms`)}  ${paint.out(stageColours[beat.stage], beat.stage.padEnd(10))} `;
  return besideHead(head, printable(beat.says(events)), width);
}

const headColumns = 24;
/** From here down words stand below their head. */
const narrow = 60;

function besideHead(head: string, words: string, width: number): string[] {
  if (width < narrow) return [head.trimEnd(), ...wrap(words, Math.max(20, width - 2)).map((line) => `  ${line}`)];
  const lines = wrap(words, width - headColumns);
  return lines.map((line, i) => (i === 0 ? head : ' '.repeat(headColumns)) + line);
}

/** @source docker-api 404; grpc NOT_FOUND, ALREADY_EXISTS */
const asked = new Set<unknown>([404, 5, 6]);

/**
 * Errors are told wherever they happened; one that is only the answer to a question (is it there?) when the command failed too:
 * a run looks for an image before it pulls, a build makes a name and moves it when there is one.
 */
export function toldErrors({ events }: Pick<Trace, 'events'>): TraceEvent[] {
  const isWell = events.some(({ type, data }) => type === 'cli.command-ended' && data.status === 0);
  const errors = events.filter((event) => isError(event) && !(isWell && asked.has(event.data.status)));
  // An answer that says no is told once, by who gives it.
  const given = new Set(errors.filter(({ type }) => type.endsWith('.response-sent')).map(({ span }) => span));
  return errors.filter(({ type, span }) => !(type.endsWith('.response-received') && given.has(span)));
}

/** The whole story of a trace. */
export function storyLines(trace: Trace, width: number): string[] {
  const parts = beatsOf(trace.events).map((one) => ({ ts: one.events[0].ts, lines: beatLines(one, width) }));
  for (const event of toldErrors(trace).slice(0, Math.max(0, mostBeats - parts.length))) {
    const head = `${(event.ts / 1e6).toFixed(1).padStart(8)} ms  ${paint.out('red', 'ERROR'.padEnd(10))} `;
    parts.push({ ts: event.ts, lines: besideHead(head, wordsOf(event), width) });
  }
  return parts.sort((a, b) => a.ts - b.ts).flatMap(({ lines }) => lines);
}

/** What a recording ends with: what was seen, and how to see more. Its events have no final numbers yet, so none is named. */
export function storyEnd({ header, events }: Trace, width: number): string[] {
  const counts = stages.map((stage) => `${stage} ${events.filter((event) => event.stage === stage).length}`);
  // Whose calls they are is found out at the first look; the stages that serve many do other work meanwhile.
  const calls = header.calls === undefined ? '' : `; ${header.calls} system calls recorded`;
  const summary = `${events.length} events (${counts.join(', ')})${calls}, ${header.lost} lost`;
  return [
    '',
    ...wrap(summary, width),
    ...header.blind.flatMap((words) => wrap(`not seen: ${printable(words)}`, width)),
    'more:  tlab trace view             walk through it on the whole screen',
    '       tlab trace show --level 1   the messages between the stages',
    '       tlab trace show --level 2   kernel operations, layers, rules',
    ...(header.calls === undefined ? [] : ['       tlab trace show --level 3   every system call, decoded']),
    '       tlab why EVENT              why one of them happened',
  ];
}
