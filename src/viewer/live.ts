// The story while it happens: follows the parts of an open trace and tells each beat a moment after its first event. The moment
// lets slower writers come in (the runtime's records are read when it ends), so that beats are told in order; what is still
// missing at the end is told from the merged trace.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { PartEvent } from '../trace/events.ts';
import { parseEvent, type Trace, type TraceEvent } from '../trace/file.ts';
import { beatLines, gatherBeats, type ToldBeat } from './story.ts';

/** How long a beat is held back, and how often the story goes on. */
const holdBackMs = 400;
const pulseMs = 100;

interface Follower {
  fd: number;
  decoder: StringDecoder;
  /** The line that is not complete yet. */
  rest: string;
}

export class LiveStory {
  readonly #folder: string;
  readonly #options: { width: number; print: (line: string) => void };
  readonly #files = new Map<string, Follower>();
  readonly #told = new Map<string, ToldBeat>();
  readonly #printed = new Set<string>();
  #pulse: NodeJS.Timeout | undefined;
  #startNs: bigint | undefined;

  constructor(folder: string, options: { width: number; print: (line: string) => void }) {
    this.#folder = folder;
    this.#options = options;
  }

  start(): void {
    this.#startNs = process.hrtime.bigint();
    this.#pulse = setInterval(() => this.#tell(), pulseMs);
    this.#pulse.unref();
  }

  stop(): void {
    clearInterval(this.#pulse);
    for (const { fd } of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  /** Tells from the merged trace what was not told yet. */
  tellRest(trace: Trace): void {
    const whole = new Map<string, ToldBeat>();
    gatherBeats(whole, trace.events);
    this.#print(whole, Number.POSITIVE_INFINITY);
  }

  #tell(): void {
    const fresh: TraceEvent[] = [];
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith('.jsonl')) fresh.push(...this.#readPart(file));
    }
    gatherBeats(
      this.#told,
      fresh.sort((a, b) => a.ts - b.ts),
    );
    const nowNs = Number(process.hrtime.bigint() - (this.#startNs ?? 0n));
    this.#print(this.#told, nowNs - holdBackMs * 1e6);
  }

  /** Prints what began before an instant and was not printed yet. */
  #print(told: Map<string, ToldBeat>, beforeNs: number): void {
    const beats = [...told].sort(([, a], [, b]) => a.events[0].ts - b.events[0].ts);
    for (const [id, beat] of beats) {
      if (this.#printed.has(id) || beat.events[0].ts > beforeNs) continue;
      this.#printed.add(id);
      for (const line of beatLines(beat, this.#options.width)) this.#options.print(line);
    }
  }

  #readPart(file: string): TraceEvent[] {
    let follower = this.#files.get(file);
    if (follower === undefined) {
      follower = { fd: openSync(`${this.#folder}/${file}`, 'r'), decoder: new StringDecoder('utf8'), rest: '' };
      this.#files.set(file, follower);
    }
    const buffer = Buffer.alloc(64 * 1024);
    const events: TraceEvent[] = [];
    for (let n = readSync(follower.fd, buffer); n > 0; n = readSync(follower.fd, buffer)) {
      const lines = (follower.rest + follower.decoder.write(buffer.subarray(0, n))).split('\n');
      follower.rest = lines.pop() ?? '';
      for (const line of lines) events.push(...this.#eventOf(line));
    }
    return events;
  }

  #eventOf(line: string): TraceEvent[] {
    try {
      const { t, ...part } = JSON.parse(line) as PartEvent;
      const event = parseEvent(JSON.stringify({ seq: 0, ts: Number(BigInt(t) - (this.#startNs ?? 0n)), ...part }));
      return event === undefined ? [] : [event];
    } catch {
      return [];
    }
  }
}
