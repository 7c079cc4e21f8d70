// Reads the arguments of a recorded system call back from what they look like in text (as strace prints them): strings, flags,
// descriptors with the names of their files, lists, fields of structs. Rule: what is not of the expected form is undefined, never an error.
import type { TraceEvent } from '../../trace/file.ts';

/** A `kernel.syscall-made` with its parts at hand. */
export class Call {
  readonly event: TraceEvent;
  readonly name: string;
  readonly #args: readonly unknown[];

  constructor(event: TraceEvent) {
    this.event = event;
    this.name = String(event.data.name ?? '');
    this.#args = Array.isArray(event.data.args) ? event.data.args : [];
  }

  get errno(): string | undefined {
    const { errno } = this.event.data;
    return typeof errno === 'string' && errno !== '' ? errno : undefined;
  }

  /** It returned, and not in error. */
  get succeeded(): boolean {
    return this.errno === undefined && this.event.data.result !== undefined;
  }

  get result(): number {
    return Number.parseInt(String(this.event.data.result ?? ''), 10);
  }

  /** The argument as it stands in the trace. */
  raw(position: number): string {
    return String(this.#args[position] ?? '');
  }

  get count(): number {
    return this.#args.length;
  }

  string(position: number): string | undefined {
    return unquoted(this.raw(position));
  }

  /** `MS_BIND|MS_REC` → its names; `0` has none. */
  flags(position: number): Set<string> {
    return flagSet(this.raw(position));
  }

  /** `7</etc/hosts>` → 7 and the name; undefined when the argument is no descriptor. */
  descriptor(position: number): Descriptor | undefined {
    return descriptorOf(this.raw(position));
  }

  /** `["sh", "-c", "true"]` → its strings. */
  strings(position: number): string[] {
    return [...this.raw(position).matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([word]) => unquoted(word) ?? '');
  }

  /** The text of a field of a struct: `flags` of `{flags=CLONE_NEWNS|SIGCHLD, …}`; undefined when it is not there. */
  field(position: number, name: string): string | undefined {
    return fieldOf(this.raw(position), name);
  }
}

export interface Descriptor {
  /** -100 for AT_FDCWD. */
  number: number;
  name: string | undefined;
}

function descriptorOf(text: string): Descriptor | undefined {
  const [, number, name] = /^(AT_FDCWD|-?\d+)(?:<(.*)>)?(?:\(deleted\))?$/s.exec(text) ?? [];
  if (number === undefined) return undefined;
  return {
    number: number === 'AT_FDCWD' ? -100 : Number(number),
    name: name === undefined ? undefined : plainName(name),
  };
}

/** `/dev/null<char 1:3>`, `socket:[…]`: the path alone. */
const plainName = (name: string): string => name.replace(/<[^>]*>$/, '').replace(/ ?\(deleted\)$/, '');

export function flagSet(text: string): Set<string> {
  const words = text.replace(/\/\*.*?\*\//g, '').split('|');
  return new Set(words.map((word) => word.trim()).filter((word) => word !== '' && word !== '0'));
}

/** The value of `name=` up to the comma or brace that ends it at the same depth. */
export function fieldOf(text: string, name: string): string | undefined {
  const start = new RegExp(`(?:^|[{ ,])${name}=`).exec(text);
  if (start === null) return undefined;
  let depth = 0;
  let quoted = false;
  const from = start.index + start[0].length;
  for (let i = from; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quoted && c === '\\') i++;
    else if (c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if ('{[('.includes(c)) depth++;
    else if ('}])'.includes(c) && depth-- === 0) return text.slice(from, i);
    else if (c === ',' && depth === 0) return text.slice(from, i);
  }
  return text.slice(from);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/** `"a\n"` → its characters; undefined for NULL, addresses, numbers. A string that was cut (`"…"...`) gives what is there. */
export function unquoted(text: string): string | undefined {
  const body = /^"((?:[^"\\]|\\.)*)"/s.exec(text)?.[1];
  return body?.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/gs, (_, code: string) => {
    if (code.startsWith('x') && code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return escapes[code] ?? code;
  });
}
