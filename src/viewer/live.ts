// The story while it happens: follows the parts of an open trace and tells each beat when its first event is written.
// What comes late or out of order is told at the end from the merged trace, so that the story is whole whatever the disk does.
import { closeSync, type FSWatcher, openSync, readdirSync, readSync, watch } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { PartEvent } from '../trace/events.ts';
import { parseEvent, type Trace, type TraceEvent } from '../trace/file.ts';
import { beatLine, gatherBeats, type ToldBeat } from './story.ts';

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
  #watcher: FSWatcher | undefined;
  #startNs: bigint | undefined;

  constructor(folder: string, options: { width: number; print: (line: string) => void }) {
    this.#folder = folder;
    this.#options = options;
  }

  start(): void {
    this.#startNs = process.hrtime.bigint();
    this.#watcher = watch(this.#folder, () => this.#read());
  }

  stop(): void {
    if (this.#watcher !== undefined) this.#read();
    this.#watcher?.close();
    for (const { fd } of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  /** Tells from the merged trace what was not told yet. */
  tellRest(trace: Trace): void {
    const whole = new Map<string, ToldBeat>();
    gatherBeats(whole, trace.events);
    this.#print(whole);
  }

  #read(): void {
    const fresh: TraceEvent[] = [];
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith('.jsonl')) fresh.push(...this.#readPart(file));
    }
    gatherBeats(
      this.#told,
      fresh.sort((a, b) => a.ts - b.ts),
    );
    this.#print(this.#told);
  }

  #print(told: Map<string, ToldBeat>): void {
    for (const [id, beat] of told) {
      if (this.#printed.has(id)) continue;
      this.#printed.add(id);
      this.#options.print(beatLine(beat, this.#options.width));
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
