// The cause of a difference, at its root: which of the things that were asked differently brought it about. In this order:
//   1. the chain of the effect itself ends in a flag or an argument that the two commands do not share;
//   2. the same line of config.json, in the trace that lacks the effect, ends in such a flag (--privileged takes the masks away);
//   3. the commands differ in one thing only, and one engine ran both, so that it is the cause of all that differs, unless the effect
//      hangs on the engine's state;
//   4. none of these: the effect's own root, a named default or the image.
import type { Cause, Provenance } from '../../trace/cause.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';
import { Causes } from '../causes.ts';
import type { Effect } from '../effects/kinds.ts';
import type { Change } from './compare.ts';

export interface DiffCause {
  /** What both differ by, or the effect's own root. Undefined: the trace does not tell. */
  cause: Cause | undefined;
  /** Whether it is what was asked differently. */
  asked: boolean;
}

const image: Cause = 'argument:IMAGE';
/** The container's root is made of the image's layers; containerd is only told where they are, not why. */
const isImageRoot = ({ kind, subject }: Change): boolean => kind === 'mount' && subject === '/';

/**
 * Steps that are taken by the first container that needs them, and what they do: who is first hangs on the engine's state, not on the
 * command.
 */
const stateful = new Map<string, string>([
  [
    'default:bridge-network',
    "set up the engine's network (the bridge, its chains and rules): the first container since the start",
  ],
  ['default:cgroup-controllers', 'handed cgroup controllers down: the first container below that cgroup'],
  ['default:engine-housekeeping', "put the engine's own state in order"],
]);

/** What only one of two traces did because of the engine's state: history, and no difference in meaning. Undefined for all else. */
export function historyWords({ cause, asked }: DiffCause, { a, b }: Change): string | undefined {
  const words = stateful.get(cause ?? '');
  if (words === undefined || asked || (a !== undefined && b !== undefined)) return undefined;
  return `${a === undefined ? 'B' : 'A'} also ${words}`;
}

export class DiffCauses {
  /** What was asked differently: flags and arguments, by their cause. */
  readonly asked: Cause[];
  readonly #isOneEngine: boolean;
  readonly #a: Side;
  readonly #b: Side;

  constructor(a: Trace, b: Trace) {
    this.#a = new Side(a);
    this.#b = new Side(b);
    this.asked = askedDifferently(a, b);
    this.#isOneEngine = a.header.engine === b.header.engine && a.header.tool.tlab === b.header.tool.tlab;
  }

  of(change: Change): DiffCause {
    const sides = [
      { effect: change.b, own: this.#b, other: this.#a },
      { effect: change.a, own: this.#a, other: this.#b },
    ];
    let ownRoot: Cause | undefined;
    for (const { effect, own, other } of sides) {
      if (effect === undefined) continue;
      for (const root of [...own.rootsOf(effect), ...other.elsewhere(own.causesOf(effect))]) {
        if (this.asked.includes(root)) return { cause: root, asked: true };
      }
      ownRoot ??= own.rootsOf(effect)[0];
    }
    if (isImageRoot(change) && this.asked.includes(image)) return { cause: image, asked: true };
    const [only] = this.asked;
    if (this.#isOneEngine && this.asked.length === 1 && only !== undefined && !stateful.has(ownRoot ?? ''))
      return { cause: only, asked: true };
    return { cause: ownRoot, asked: false };
  }
}

/** One of the two traces. */
class Side {
  readonly #causes: Causes;
  /** Names of variables, in the order of config.json. */
  readonly #environment: string[];

  constructor(trace: Trace) {
    this.#causes = new Causes(trace);
    const spec = trace.events.findLast((event) => event.type === 'daemon.spec-generated')?.data.config;
    const variables = at(spec, '/process/env');
    this.#environment = Array.isArray(variables) ? variables.map((one) => String(one).split('=')[0] ?? '') : [];
  }

  /** The effect's events with their causes; a variable's is its own line, not that of the program it is given to. */
  causesOf({ kind, subject, events }: Effect): TraceEvent[] {
    const position = kind === 'environment' ? this.#environment.indexOf(subject) : -1;
    return position < 0 ? events : events.map((event) => ({ ...event, cause: `config:/process/env/${position}` }));
  }

  rootsOf(effect: Effect): Cause[] {
    const chains = this.causesOf(effect).map((event) => this.#causes.chainOf(event));
    return [
      ...chains.flatMap(({ links }) => links.at(-1) ?? []),
      ...chains.flatMap(({ also }) => also.map(({ root }) => root)),
    ];
  }

  /** Where the same lines of config.json, or fields of the request, come from in this trace. */
  elsewhere(events: readonly TraceEvent[]): Cause[] {
    return events.flatMap((event) => {
      if (event.cause === undefined || !/^(config|api):/.test(event.cause)) return [];
      return this.#causes.chainOf({ ...event, ts: Number.POSITIVE_INFINITY }).links.at(-1) ?? [];
    });
  }
}

interface Asked {
  body: unknown;
  provenance: Provenance;
}

/** What the client asked of the daemon with provenance: one request of a run, `POST /containers/create`. */
function requestsOf(events: readonly TraceEvent[]): Asked[] {
  return events.flatMap(({ type, data }) =>
    type === 'cli.request-sent' && typeof data.provenance === 'object' && data.provenance !== null
      ? [{ body: data.body, provenance: data.provenance as Provenance }]
      : [],
  );
}

/** Flag or argument → the values that it led to, as text. A request that is sent again (an image had to be pulled first) counts once. */
function askedBy(trace: Trace): Map<Cause, string> {
  const found = new Map<Cause, Set<string>>();
  for (const { body, provenance } of requestsOf(trace.events)) {
    for (const [pointer, cause] of Object.entries(provenance)) {
      if (!/^(flag|argument):/.test(cause)) continue;
      const values = found.get(cause) ?? new Set();
      found.set(cause, values.add(`${pointer}=${JSON.stringify(at(body, pointer)) ?? ''}`));
    }
  }
  return new Map([...found].map(([cause, values]) => [cause, [...values].sort().join(' ')]));
}

function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return found;
}

/** What was asked, with its value where it has one, and both where they differ: `--network host`, `IMAGE busybox → nginx`. */
export function askedWords(cause: Cause, traces: readonly Trace[]): string {
  const name = cause.slice(cause.indexOf(':') + 1);
  const values = new Set(traces.flatMap((trace) => askedValue(cause, trace) ?? []));
  return [name, [...values].join(' → ')].filter(Boolean).join(' ');
}

/** A flag that sets a field to true has no value; of another, the word that was typed; of an argument, what it led to. */
function askedValue(cause: Cause, { header, events }: Trace): string | undefined {
  const fields = requestsOf(events).flatMap(({ body, provenance }) =>
    Object.entries(provenance).flatMap(([pointer, own]) => (own === cause ? [at(body, pointer)] : [])),
  );
  if (fields.length === 0 || fields.every((field) => typeof field === 'boolean')) return undefined;
  if (!cause.startsWith('flag:')) return [fields[0]].flat().map(String).join(' ');
  const flag = cause.slice('flag:'.length);
  const joined = header.command.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const position = header.command.indexOf(flag);
  return position < 0 ? undefined : header.command[position + 1];
}

function askedDifferently(a: Trace, b: Trace): Cause[] {
  const [inA, inB] = [askedBy(a), askedBy(b)];
  const causes = [...new Set([...inA.keys(), ...inB.keys()])];
  return causes.filter((cause) => inA.get(cause) !== inB.get(cause));
}
