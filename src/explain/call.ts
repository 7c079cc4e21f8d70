// A system call as explanations see it: the arguments as strace prints them, and the operation that the call carries out.
// Rule: traces come from anywhere, so nothing here throws on a missing or odd argument; it reads as empty.
import type { TraceEvent } from '../trace/file.ts';

export class Call {
  readonly name: string;
  readonly args: readonly string[];
  /** A stage, `container`, or the name of another program. */
  readonly process: string;
  readonly errno: string;
  /** Undefined where it is no number: the call has not returned. */
  readonly result: number | undefined;
  /** The plan operation that it carries out, `mount` and the like of other kernel events, the method of a message; '' when unknown. */
  readonly operation: string;
  readonly operationEvent: TraceEvent | undefined;

  constructor(event: TraceEvent, operation?: TraceEvent) {
    const { data } = event;
    this.name = text(data.name);
    this.args = Array.isArray(data.args) ? data.args.map(text) : [];
    this.process = text(data.process);
    this.errno = text(data.errno);
    this.result = typeof data.result === 'number' ? data.result : undefined;
    this.operationEvent = operation;
    this.operation = operation === undefined ? '' : nameOfOperation(operation);
  }

  arg(position: number): string {
    return this.args[position] ?? '';
  }

  /** All arguments, for structs and messages. */
  get all(): string {
    return this.args.join(', ');
  }

  /** Whether a flag stands in the argument, as a whole word outside of strings. */
  has(position: number, flag: string): boolean {
    return hasWord(this.arg(position), flag);
  }

  /** The same in any argument. */
  says(flag: string): boolean {
    return this.args.some((arg) => hasWord(arg, flag));
  }

  /** A string argument without its quotes. */
  string(position: number): string {
    return /^"((?:[^"\\]|\\.)*)"/.exec(this.arg(position))?.[1] ?? '';
  }

  /** What was written, without the line end or the NUL that closes it. */
  written(position: number): string {
    return this.string(position).replace(/\\(n|0)$/, '');
  }

  /** What a descriptor stands for: `/proc` of `3</proc>`. */
  file(position: number): string {
    return /^[\w-]+<(.*)>$/.exec(this.arg(position))?.[1] ?? '';
  }

  /** The path that a call names: a string, or the file of a descriptor where the string is empty or relative. */
  path(directory: number, name: number): string {
    const given = this.string(name);
    if (given.startsWith('/')) return given;
    const base = this.file(directory);
    return base === '' ? given : given === '' || given === '.' ? base : `${base}/${given}`.replaceAll('//', '/');
  }

  /** Whether an OCI runtime made it: ours, or one whose stages bear other names (`runc:[2:INIT]`). */
  get isRuntimes(): boolean {
    return /(^|-)(runc|crun|runsc|youki)\b/.test(this.process);
  }

  /** Whether the container's own program made it, after execve. */
  get isContainers(): boolean {
    return this.process === 'container';
  }
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

function hasWord(arg: string, word: string): boolean {
  const bare = arg.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/<[^>]*>/g, '');
  return new RegExp(`(?<![A-Za-z0-9_])${word}(?![A-Za-z0-9_])`).test(bare);
}

/** `mask_path` of a plan operation, `mount-attached` of another kernel event, the method of a message. */
function nameOfOperation(event: TraceEvent): string {
  if (typeof event.data.operation === 'string') return event.data.operation;
  if (typeof event.data.method === 'string') return event.data.method;
  return event.type.slice(event.type.indexOf('.') + 1);
}
