// From an event to its root: kernel operation → line of config.json → field of the request → flag, image config or named default.
// Each step is looked up in the provenance that the stage above wrote into the trace; nothing is guessed.
import type { Cause, Provenance } from '../trace/cause.ts';
import { type DefaultName, defaults } from '../trace/defaults.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { own } from './words-row.ts';

const rootKinds = new Set(['flag', 'argument', 'command', 'image', 'default', 'request', 'dockerfile']);

export interface CauseChain {
  /** The number of the event that a system call carries out; the links are those of that event. */
  operation?: number;
  /** From the event's own cause to the last one found. */
  links: Cause[];
  /** Lines of config.json that had a say too, each with its root: of a whole (an argument list, a set) the parts that others gave. */
  also: { line: Cause; root: Cause }[];
  /** True when the last link is a root: a flag, an argument, an image field, a named default, a client's request. */
  complete: boolean;
}

interface ProvenanceRecord {
  ts: number;
  provenance: Provenance;
}

/** Answers "why" for the events of one trace. */
export class Causes {
  readonly #requestOfSpan = new Map<string, TraceEvent>();
  /** `api` provenance from what clients sent, `config` provenance from generated specs; each by time. */
  readonly #records: Record<'api' | 'config', ProvenanceRecord[]> = { api: [], config: [] };

  readonly #eventOfNumber = new Map<number, TraceEvent>();

  readonly #also = new WeakMap<TraceEvent, CauseChain['also']>();

  constructor(trace: Trace) {
    for (const event of trace.events) this.#index(event);
  }

  /** The operation or message that a system call carries out, when this trace holds it. */
  operationOf({ data }: TraceEvent): TraceEvent | undefined {
    return typeof data.operation === 'number' ? this.#eventOfNumber.get(data.operation) : undefined;
  }

  #index(event: TraceEvent): void {
    this.#eventOfNumber.set(event.seq, event);
    const known = this.#requestOfSpan.get(event.span);
    if (event.type.endsWith('.request-sent') || (known === undefined && event.type.endsWith('.request-received'))) {
      this.#requestOfSpan.set(event.span, event);
    }
    if (typeof event.data.provenance !== 'object' || event.data.provenance === null) return;
    const provenance = event.data.provenance as Provenance;
    this.#records[event.type.endsWith('.request-sent') ? 'api' : 'config'].push({ ts: event.ts, provenance });
  }

  chainOf(event: TraceEvent): CauseChain {
    const operation = this.operationOf(event);
    if (operation !== undefined && operation !== event) {
      const part = partOf(event, operation);
      if (part === undefined) return { operation: operation.seq, ...this.#chainOf(operation) };
      return { operation: operation.seq, ...this.#linksOf({ ...operation, cause: part }), also: [] };
    }
    const isLost = typeof event.data.operation === 'number' && operation === undefined && event.cause === undefined;
    return isLost ? { links: [], also: [], complete: false } : this.#chainOf(event);
  }

  /** Whether any stage of this trace wrote where its fields come from. */
  get hasProvenance(): boolean {
    return this.#records.api.length > 0;
  }

  /** Every flag that this trace knows of, as it is spelt: `--memory`. */
  flags(): string[] {
    const roots = [...this.#records.api, ...this.#records.config].flatMap(({ provenance }) =>
      Object.values(provenance),
    );
    for (const { cause } of this.#eventOfNumber.values()) if (cause !== undefined) roots.push(cause);
    const flags = roots.filter((cause) => cause.startsWith('flag:')).map((cause) => cause.slice('flag:'.length));
    return [...new Set(flags)].sort();
  }

  /** The fields of requests and the lines of config.json that a root is behind. */
  reachedFrom(root: Cause): Record<'api' | 'config', string[]> {
    const found = { api: new Set<string>(), config: new Set<string>() };
    for (const { provenance } of this.#records.api) {
      for (const [pointer, cause] of Object.entries(provenance)) if (cause === root) found.api.add(pointer || '/');
    }
    for (const { provenance, ts } of this.#records.config) {
      for (const [pointer, cause] of Object.entries(provenance)) {
        if (this.#leadsTo(cause, root, ts)) found.config.add(pointer || '/');
      }
    }
    return { api: [...found.api], config: [...found.config] };
  }

  #leadsTo(cause: Cause, root: Cause, ts: number): boolean {
    if (cause === root) return true;
    const field = fieldBehind(cause) ?? cause;
    if (kindOf(field) !== 'api') return false;
    const record = this.#recordAt('api', ts);
    return record !== undefined && lookUp(record.provenance, field.slice('api:'.length)) === root;
  }

  #recordAt(kind: 'api' | 'config', ts: number): ProvenanceRecord | undefined {
    const records = this.#records[kind];
    return records.findLast((candidate) => candidate.ts <= ts) ?? records[0];
  }

  #chainOf(event: TraceEvent): CauseChain {
    const { links, complete } = this.#linksOf(event);
    return { links, also: this.#alsoOf(event, links.at(-1)), complete };
  }

  /** The other roots of what makes up a whole; defaults among them say nothing of this run, and are left out. */
  #alsoOf(event: TraceEvent, main: Cause | undefined): CauseChain['also'] {
    const known = this.#also.get(event);
    if (known !== undefined) return known;
    const wholes = own(wholesOf, String(event.data.operation)) ?? [];
    const record = wholes.length === 0 ? undefined : this.#recordAt('config', event.ts);
    if (record === undefined || !wholes.some((whole) => event.cause === `config:${whole}`)) return [];
    const found = new Map<Cause, Cause>();
    for (const pointer of Object.keys(record.provenance)) {
      if (!wholes.some((whole) => pointer.startsWith(`${whole}/`))) continue;
      const line: Cause = `config:${pointer as `/${string}`}`;
      const root = this.#linksOf({ ...event, cause: line }).links.at(-1);
      if (root !== undefined && root !== main && /^(flag|argument|image):/.test(root) && !found.has(root))
        found.set(root, line);
    }
    const also = [...found].map(([root, line]) => ({ line, root }));
    this.#also.set(event, also);
    return also;
  }

  #linksOf(event: TraceEvent): Pick<CauseChain, 'links' | 'complete'> {
    const first = event.cause ?? this.#inherited(event);
    const links: Cause[] = [];
    for (let cause = first; cause !== undefined && !links.includes(cause); cause = this.#next(cause, event))
      links.push(cause);
    const last = links.at(-1);
    return { links, complete: last !== undefined && rootKinds.has(kindOf(last)) };
  }

  /** The cause of the request whose span this event belongs to, or of the nearest request above it. */
  #inherited(event: TraceEvent): Cause | undefined {
    let span: string | undefined = event.span;
    for (const visited = new Set<string>(); span !== undefined && !visited.has(span); ) {
      visited.add(span);
      const request: TraceEvent | undefined = this.#requestOfSpan.get(span);
      if (request === undefined) return undefined;
      if (request.cause !== undefined) return request.cause;
      if (typeof request.data.parent !== 'string') return `request:${String(request.data.method)}`;
      span = request.data.parent;
    }
    return undefined;
  }

  #next(cause: Cause, event: TraceEvent): Cause | undefined {
    const kind = kindOf(cause);
    if (kind === 'default') return fieldBehind(cause);
    if (kind !== 'config' && kind !== 'api') return undefined;
    const record = this.#recordAt(kind, event.ts);
    const pointer = cause.slice(kind.length + 1);
    const found = record === undefined ? undefined : lookUp(record.provenance, pointer);
    return found ?? (kind === 'api' ? this.#clientRequest(event) : 'request:config.json');
  }

  /** A foreign client (curl, docker) sends no provenance: its request is the root. */
  #clientRequest(event: TraceEvent): Cause {
    const request = this.#requestOfSpan.get(event.span);
    return `request:${String(request?.data.method ?? 'unknown')}`;
  }
}

/** The field that a default comes with: swap is limited by default only where memory is. */
function fieldBehind(cause: Cause): Cause | undefined {
  const name = cause.startsWith('default:') ? cause.slice('default:'.length) : '';
  if (!Object.hasOwn(defaults, name)) return undefined;
  const known = defaults[name as DefaultName];
  return 'because' in known ? known.because : undefined;
}

/** Operations that carry out a whole list at once, and where its parts stand. */
const wholesOf: Readonly<Record<string, readonly string[]>> = {
  exec: ['/process/args', '/process/env'],
  capability_bounding: ['/process/capabilities/bounding'],
  capset: ['/process/capabilities'],
  cgroup_devices: ['/linux/resources/devices'],
};

/** A call that carries out one part of a whole has that part's cause: the capability that it drops. */
function partOf({ data }: TraceEvent, operation: TraceEvent): Cause | undefined {
  const [option, name] = Array.isArray(data.args) ? data.args.map(String) : [];
  if (data.name !== 'prctl' || option !== 'PR_CAPBSET_DROP' || !/^CAP_[A-Z_]+$/.test(name ?? '')) return undefined;
  return operation.cause?.startsWith('config:/process/capabilities') === true
    ? `config:/process/capabilities/bounding/${name}`
    : undefined;
}

const kindOf = (cause: Cause): string => cause.slice(0, cause.indexOf(':'));

/**
 * The provenance of a JSON pointer, or of the nearest ancestor that has one; for a whole (all namespaces, an argument list)
 * that of its first part.
 */
export function lookUp(provenance: Provenance, pointer: string): Cause | undefined {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = provenance[at];
    if (found !== undefined) return found;
  }
  const part = Object.keys(provenance).find((key) => key.startsWith(`${pointer}/`));
  return part === undefined ? provenance[''] : provenance[part];
}

/** One link in words. */
export function wordsOfCause(cause: Cause): string {
  const kind = kindOf(cause);
  const rest = cause.slice(kind.length + 1);
  switch (kind) {
    case 'flag':
      return `you gave ${rest}`;
    case 'argument':
      return `you named ${rest}`;
    case 'command':
      return `you ran \`${rest.startsWith('docker ') ? rest : `tlab ${rest === 'script' ? 'trace script' : rest}`}\``;
    case 'image':
      return `the image's configuration has ${rest}`;
    case 'default':
      return `default ${rest}: ${defaults[rest as DefaultName]?.says ?? 'unknown to this version'}`;
    case 'request':
      return `a client asked: ${rest}`;
    case 'dockerfile':
      return `line ${rest} of the Dockerfile`;
    case 'api':
      return `the request's field ${rest}`;
    case 'config': {
      const [, list, absent] = /^(.*)\/(CAP_[A-Z_]+)$/.exec(rest) ?? [];
      return absent === undefined ? `config.json ${rest}` : `config.json ${list}, which does not have ${absent}`;
    }
    default:
      return cause;
  }
}
