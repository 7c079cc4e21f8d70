// The turns of an event loop: from one return of epoll_wait to the next, on the main thread of a process that serves several traces.
// A turn in which a process writes its part of a trace was spent on that trace. Rule: a turn that could be another trace's is
// not ours; what is left out for that reason is counted and said.

export type Owner = 'ours' | 'other' | 'unsure' | 'idle';

const waits = new Set(['epoll_wait', 'epoll_pwait', 'epoll_pwait2']);
const partPath = /\/([0-9a-f]{32})\/parts\/[a-z]+-\d+\.jsonl>?$/;

export const isWait = (name: string): boolean => waits.has(name);

/** The trace whose part is written through a descriptor that reads like this: `23</var/…/parts/daemon-7.jsonl>`. */
export const traceOfPart = (descriptor: string): string | undefined => partPath.exec(descriptor)?.[1];

/** A trace begins before its first event and its engine cleans up after its last. */
const nearNs = 500e6;

export class Turns {
  readonly #traceId: string;
  /** When each began; the first began before anything was seen. */
  readonly #starts: number[] = [Number.NEGATIVE_INFINITY];
  /** The traces whose parts were written in it. */
  readonly #writers: Array<Set<string> | undefined> = [undefined];
  /** When something was done for a container that this trace knows nothing of, from and to. */
  readonly #otherWork: Array<[number, number]> = [];
  #owners: Owner[] | undefined;
  /** Turns in which another trace or an untraced request was about. */
  #isContested: (turn: number) => boolean = () => false;

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  /** A wait returned. */
  began(ts: number): void {
    this.#starts.push(ts);
    this.#writers.push(undefined);
  }

  /** A part was written, in the turn that runs. */
  wrote(traceId: string): void {
    const last = this.#writers.length - 1;
    const writers = this.#writers[last] ?? new Set();
    this.#writers[last] = writers.add(traceId);
  }

  /** Something was done for a container that is not this trace's: by a request that nobody traces. */
  servedOther(ts: number): void {
    const last = this.#otherWork.at(-1);
    if (last !== undefined && ts <= last[1] + 2 * nearNs) last[1] = Math.max(last[1], ts);
    else this.#otherWork.push([ts, ts]);
  }

  at(ts: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= ts) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** First and last moment of a turn. */
  span(turn: number): [from: number, to: number] {
    return [this.#starts[turn] ?? Number.NEGATIVE_INFINITY, this.#starts[turn + 1] ?? Number.POSITIVE_INFINITY];
  }

  /** Whose a call was. What a thread of the pool does may have been asked for in an earlier turn, and another trace's. */
  ownerAt(ts: number, isMainThread: boolean): Owner {
    const turn = this.at(ts);
    const owner = this.#owners?.[turn] ?? 'idle';
    return owner === 'ours' && !isMainThread && this.#isContested(turn) ? 'unsure' : owner;
  }

  /** After the last one: says whose each turn was. `isNewborn`: the process was started for this trace, so its first turns are ours. */
  settle(isNewborn: boolean): void {
    const owners = this.#writers.map((writers): Owner => {
      if (writers === undefined) return 'idle';
      if (!writers.has(this.#traceId)) return 'other';
      return writers.size === 1 ? 'ours' : 'unsure';
    });
    this.#isContested = this.#othersAt();
    const first = owners.indexOf('ours');
    const last = owners.lastIndexOf('ours');
    for (const [turn, owner] of owners.entries()) {
      if (owner !== 'idle' || turn > last || (turn < first && !isNewborn)) continue;
      owners[turn] = this.#isContested(turn) ? 'unsure' : 'ours';
    }
    this.#owners = owners;
  }

  /** Whether a turn lies between the first and the last writing of some other trace, or near them; or near work for an untraced request. */
  #othersAt(): (turn: number) => boolean {
    const spans = new Map<string, Span>();
    for (const [turn, writers] of this.#writers.entries()) {
      const [from, to] = this.span(turn);
      for (const id of writers ?? []) {
        if (id === this.#traceId) continue;
        const span = spans.get(id);
        if (span === undefined) spans.set(id, [from - nearNs, to + nearNs]);
        else span[1] = to + nearNs;
      }
    }
    const untraced = this.#otherWork.map(([from, to]): Span => [from - nearNs, to + nearNs]);
    const apart = united([...spans.values(), ...untraced]);
    return (turn) => {
      const [from, to] = this.span(turn);
      let [low, high] = [0, apart.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((apart[middle]?.[1] ?? 0) < from) low = middle + 1;
        else high = middle;
      }
      const first = apart[low];
      return first !== undefined && first[0] <= to;
    };
  }
}

type Span = [first: number, last: number];

/** The same time in spans that do not touch, sorted: to be looked up quickly however many traces there were. */
function united(spans: Span[]): Span[] {
  const apart: Span[] = [];
  for (const [first, last] of spans.sort(([a], [b]) => a - b)) {
    const before = apart.at(-1);
    if (before !== undefined && first <= before[1]) before[1] = Math.max(before[1], last);
    else apart.push([first, last]);
  }
  return apart;
}
