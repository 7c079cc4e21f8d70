// The kernel as of an event: state is never stored in a trace, it is folded from the events up to the cursor.
// Rule: a fold says what the trace holds, no more. What was there before it began is unknown, and not shown.
import type { TraceEvent } from '../trace/file.ts';

/** A line of state, and the event that made it what it is. */
export interface StateLine {
  text: string;
  seq?: number | undefined;
  /** Below a heading; headings have none. */
  indent: number;
}

export interface Fold<State> {
  begin(): State;
  /** Whether the event can change this state: a quick look, asked of every event once. */
  concerns(event: TraceEvent): boolean;
  apply(state: State, event: TraceEvent, names: Names): void;
  lines(state: State, names: Names): StateLine[];
}

const idForm = /\b[0-9a-f]{64}\b/;

/** Whose a span, an id or a namespace is: names of containers, gathered once from the whole trace. */
export class Names {
  readonly #ofSpan = new Map<string, string>();
  readonly #ofId = new Map<string, string>();
  readonly #ofNamespace = new Map<string, string>();

  constructor(events: readonly TraceEvent[]) {
    for (const { type, span, data } of events) {
      if (typeof data.id === 'string' && typeof data.name === 'string' && type.startsWith('daemon.container-')) {
        this.#ofId.set(data.id, data.name);
      }
      const words = (data.argv ?? (data.body as { argv?: unknown } | undefined)?.argv) as unknown;
      if ((type === 'kernel.process-executed' || type === 'runc.request-received') && Array.isArray(words)) {
        const id = words.map((word) => idForm.exec(String(word))?.[0]).find((one) => one !== undefined);
        if (id !== undefined) this.#ofSpan.set(span, id);
      }
      if (type === 'kernel.operation-executed' && data.operation === 'setns') this.#namespace(span, data.arguments);
    }
  }

  #namespace(span: string, given: unknown): void {
    const { path, type } = (given ?? {}) as { path?: unknown; type?: unknown };
    const id = this.#ofSpan.get(span);
    if (type === 'network' && typeof path === 'string' && id !== undefined && !path.startsWith('/proc/')) {
      this.#ofNamespace.set(path, id);
    }
  }

  /** The id of the container that a span sets up. */
  containerOf = (span: string): string | undefined => this.#ofSpan.get(span);

  /** `web`, or the short id of one without a name here. */
  of = (id: string): string => this.#ofId.get(id) ?? id.slice(0, 12);

  /** `web` for `/run/tlab/netns/…`, else the path itself. */
  ofNamespace(path: string): string {
    const id = this.#ofNamespace.get(path);
    return id === undefined ? path : this.of(id);
  }

  /** Ids in a text as names of containers. */
  named = (text: string): string => text.replace(/\b[0-9a-f]{64}\b/g, (id) => `{${this.of(id)}}`);
}

export const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/** Whether the kernel did it. */
export const isDone = ({ data }: TraceEvent): boolean =>
  (typeof data.errno !== 'string' || data.errno === '') && !(typeof data.result === 'number' && data.result < 0);

/** An argument of a plan's operation. */
export const argumentOf = ({ data }: TraceEvent, name: string): string =>
  textOf((data.arguments as Record<string, unknown> | undefined)?.[name]);

/** The event ends a container's own processes: its namespaces go with them. */
export const endsContainer = ({ type, data }: TraceEvent): boolean =>
  type === 'shim.exit-recorded' && data.execId === undefined;
