// What the kernel holds as of an event, for every view: the screen's panes, `trace show --state KIND --at EVENT`.
import { fit, printable } from '../base/text.ts';
import type { TraceEvent } from '../trace/file.ts';
import { cgroup } from './state-cgroup.ts';
import { type Fold, Names, type StateLine } from './state-fold.ts';
import { layers } from './state-layers.ts';
import { mounts } from './state-mounts.ts';
import { processes } from './state-processes.ts';
import { rules } from './state-rules.ts';

/** Each kind's letter is its key on the screen. */
export const stateKinds = {
  mounts: { key: 'm', says: 'mounts of the host and of each container' },
  cgroup: { key: 'c', says: 'control groups and what was written to them' },
  rules: { key: 'r', says: 'links, addresses, routes, iptables rules' },
  layers: { key: 'l', says: 'layers and snapshots' },
  processes: { key: 't', says: 'the process tree' },
} as const;
export type StateKind = keyof typeof stateKinds;
export const stateNames = Object.keys(stateKinds) as StateKind[];

const folds: Record<StateKind, Fold<unknown>> = {
  mounts: mounts as Fold<unknown>,
  cgroup: cgroup as Fold<unknown>,
  rules: rules as Fold<unknown>,
  layers: layers as Fold<unknown>,
  processes: processes as Fold<unknown>,
};

/** How many events are folded from one copy of a state to the next: a step back folds no more than these. */
const betweenCopies = 4_000;

/** A state as it was before the event at a place among those that concern it. */
interface Copy {
  place: number;
  state: unknown;
}

/** The states of one trace. Which events concern a state is found out once; only those are folded, from the nearest copy on. */
export class States {
  readonly names: Names;
  readonly #events: readonly TraceEvent[];
  readonly #concerned = new Map<StateKind, TraceEvent[]>();
  readonly #copies = new Map<StateKind, Copy[]>();
  readonly #last = new Map<StateKind, { seq: number; lines: StateLine[] }>();
  #changes: number[] | undefined;

  constructor(events: readonly TraceEvent[]) {
    this.#events = events;
    this.names = new Names(events);
  }

  /** The state after event `seq`. */
  at(kind: StateKind, seq: number): StateLine[] {
    const last = this.#last.get(kind);
    if (last?.seq === seq) return last.lines;
    const fold = folds[kind];
    const events = this.#concern(kind);
    const copies = this.#copies.get(kind) ?? [{ place: 0, state: fold.begin() }];
    this.#copies.set(kind, copies);
    const isBefore = ({ place }: Copy): boolean => place === 0 || (events[place - 1]?.seq ?? 0) <= seq;
    const from = copies.findLast(isBefore) ?? { place: 0, state: fold.begin() };
    const state = structuredClone(from.state);
    for (let place = from.place; (events[place]?.seq ?? Number.POSITIVE_INFINITY) <= seq; place++) {
      fold.apply(state, events[place] as TraceEvent, this.names);
      const isNew = place + 1 === (copies.at(-1)?.place ?? 0) + betweenCopies;
      if (isNew) copies.push({ place: place + 1, state: structuredClone(state) });
    }
    const lines = fold.lines(state, this.names);
    this.#last.set(kind, { seq, lines });
    return lines;
  }

  /** The kinds of state that an event of levels 0 to 2 can change. */
  concernedBy = (event: TraceEvent): StateKind[] => stateNames.filter((kind) => folds[kind].concerns(event));

  /** Numbers of the events that change mounts, cgroups, rules or layers, in order. */
  get changes(): readonly number[] {
    const kinds = ['mounts', 'cgroup', 'rules', 'layers'] as const;
    this.#changes ??= [...new Set(kinds.flatMap((kind) => this.#concern(kind).map(({ seq }) => seq)))].sort(
      (a, b) => a - b,
    );
    return this.#changes;
  }

  #concern(kind: StateKind): TraceEvent[] {
    let known = this.#concerned.get(kind);
    if (known === undefined) {
      known = this.#events.filter((event) => folds[kind].concerns(event));
      this.#concerned.set(kind, known);
    }
    return known;
  }
}

export const nothingYet = 'nothing that this trace tells of, up to here';

/** State as plain lines; `*` marks what the event itself made or changed. */
export function stateText(lines: readonly StateLine[], seq: number, width: number): string[] {
  if (lines.length === 0) return [nothingYet];
  return lines.map(({ text, seq: since, indent }) => {
    const mark = since === seq ? '*' : ' ';
    return fit(`${mark} ${'  '.repeat(indent)}${printable(text)}`, width);
  });
}
