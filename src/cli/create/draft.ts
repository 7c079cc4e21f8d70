// The body of a request while flags write it: each value lands at a JSON pointer together with its cause, so that the
// provenance cannot differ from what was sent. @source RFC 6901 (JSON pointer)
import type { Cause, Provenance } from '../../trace/cause.ts';

type Node = Record<string, unknown>;

export class Draft {
  readonly body: Node = {};
  readonly provenance: Provenance = {};
  #cause: Cause;

  /** `root` is the cause of everything that no flag wrote: `command:run`. */
  constructor(root: Cause) {
    this.#cause = root;
    this.provenance[''] = root;
  }

  /** Everything written inside comes from this cause. */
  because(cause: Cause, write: () => void): void {
    const before = this.#cause;
    this.#cause = cause;
    try {
      write();
    } finally {
      this.#cause = before;
    }
  }

  set(pointer: string, value: unknown): void {
    const { node, key } = this.#parentOf(pointer);
    node[key] = value;
    this.provenance[pointer] = this.#cause;
  }

  /** Adds one element to the list at `pointer`. */
  append(pointer: string, value: unknown): void {
    const { node, key } = this.#parentOf(pointer);
    node[key] ??= [];
    const list = node[key] as unknown[];
    this.provenance[`${pointer}/${list.length}`] = this.#cause;
    list.push(value);
  }

  get(pointer: string): unknown {
    const { node, key } = this.#parentOf(pointer);
    return node[key];
  }

  #parentOf(pointer: string): { node: Node; key: string } {
    const keys = pointer.slice(1).split('/').map(unescapeKey);
    const key = keys.pop() ?? '';
    let node = this.body;
    for (const step of keys) {
      node[step] ??= {};
      node = node[step] as Node;
    }
    return { node, key };
  }
}

/** A key as one step of a pointer: `80/tcp` → `80~1tcp`. */
export const pointerStep = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescapeKey = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
