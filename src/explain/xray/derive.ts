// A real Docker's system calls as the events that our own stages report: programs executed, doors that are executions (shim, runc),
// connections to sockets. What they change in the kernel is effects/derive.ts's part. Rule: an event says what was seen; what it was for is marked derived, and messages are never made up.
//   for each line of level 3: see(line), then finish()
import type { Cause } from '../../trace/cause.ts';
import type { EventType, Stage } from '../../trace/events.ts';
import type { TraceEvent } from '../../trace/file.ts';
import { Call } from '../effects/call.ts';
import type { DerivedEvent } from '../effects/derive.ts';

interface Seen {
  pid: number;
  parent: Seen | undefined;
  /** Since its last execve. */
  argv: string[];
  executed?: { call: TraceEvent; span: string; door?: Door };
  /** The door span that it works in. */
  span: string;
  /** It has changed its root: what it executes next is the container's program. */
  entered: boolean;
}

interface Door {
  stage: Stage;
  peer: Stage;
  method: string;
}

interface Draft {
  type: EventType;
  stage?: Stage;
  pid?: number;
  span: string;
  cause?: Cause | undefined;
  truth?: 'observed' | 'derived';
  data: Record<string, unknown>;
  twin?: string;
}

export class XrayDeriver {
  readonly #seen = new Map<number, Seen>();
  readonly #derived: DerivedEvent[] = [];
  readonly #create: TraceEvent | undefined;
  #spans = 0;
  #init: number | undefined;

  /** @param events levels 0 to 2: what is known besides the calls, such as the request that the command line stands for */
  constructor(events: readonly TraceEvent[]) {
    this.#create = events.find(({ type }) => type === 'cli.request-sent');
  }

  see(event: TraceEvent): void {
    if (event.type === 'kernel.process-forked') this.#forked(event);
    else if (event.type === 'kernel.process-ended') this.#ended(event);
    else if (event.type === 'kernel.syscall-made') this.#called(new Call(event));
  }

  finish(): DerivedEvent[] {
    return this.#derived;
  }

  /** The door span that a process last worked in. */
  spanOf(pid: number): string {
    return this.#of(pid).span;
  }

  #of(pid: number): Seen {
    let seen = this.#seen.get(pid);
    if (seen === undefined) {
      seen = { pid, parent: undefined, argv: [], span: this.#create?.span ?? '', entered: false };
      this.#seen.set(pid, seen);
    }
    return seen;
  }

  #forked({ pid, data }: TraceEvent): void {
    const child = Number(data.childPid);
    if (child === pid) return;
    const parent = this.#of(pid);
    this.#seen.set(child, { pid: child, parent, argv: parent.argv, span: parent.span, entered: parent.entered });
  }

  #called(call: Call): void {
    const { pid, data } = call.event;
    if (data.process === 'container' || !call.succeeded) return;
    if (call.name === 'execve' || call.name === 'execveat') this.#executed(call);
    else if (call.name === 'pivot_root') this.#of(pid).entered = true;
    else if (call.name === 'connect') this.#connected(call);
  }

  #executed(call: Call): void {
    const { pid, data } = call.event;
    const seen = this.#of(pid);
    const at = call.name === 'execve' ? 0 : 1;
    const file = call.string(at) || (call.descriptor(0)?.name ?? '');
    const argv = call.strings(at + 1);
    const isAgain = /^\/proc\/self\/|^\/dev\/fd\//.test(file) || call.name === 'execveat';
    seen.argv = argv;
    if (seen.entered) {
      this.#init ??= pid;
      return;
    }
    const opened = isAgain ? undefined : doorOf(file, argv, String(data.process));
    const parent = seen.parent?.pid ?? pid;
    if (opened !== undefined) {
      const span = `xray-${++this.#spans}`;
      const request = { door: 'exec', peer: opened.peer, method: opened.method, parent: seen.span };
      this.#emit(
        { type: `${opened.stage}.request-sent` as EventType, stage: opened.stage, pid: parent, span, data: request },
        [],
        call.event,
      );
      seen.span = span;
    }
    const door = opened ?? (isAgain ? seen.executed?.door : undefined);
    seen.executed = { call: call.event, span: seen.span, ...(door && { door }) };
    const executed = { executable: file, argv, childPid: pid };
    const cause = /docker-proxy$/.test(file) ? this.causeOf('/HostConfig/PortBindings') : undefined;
    this.#emit({ type: 'kernel.process-executed', pid: parent, span: seen.span, cause, data: executed }, [call.event]);
  }

  #connected(call: Call): void {
    const path = /sun_path="((?:[^"\\]|\\.)*)"/.exec(call.raw(1))?.[1];
    if (path === undefined) return;
    const { pid, data } = call.event;
    const connected = { path, process: String(data.process) };
    this.#emit({ type: 'kernel.socket-connected', span: this.#of(pid).span, data: connected }, [call.event]);
  }

  /** A door that is an execution is answered by the program's end. */
  #ended(event: TraceEvent): void {
    const seen = this.#seen.get(event.pid);
    const status = Number(event.data.status);
    if (event.pid === this.#init) this.#exited(event, seen);
    const { executed } = seen ?? {};
    if (seen === undefined || executed === undefined) return;
    if (executed.door !== undefined) {
      const { stage, peer, method } = executed.door;
      const data = { door: 'exec', peer, method, status, ...(status !== 0 && { error: `it ends with ${status}` }) };
      const pid = seen.parent?.pid ?? event.pid;
      this.#emit({ type: `${stage}.response-received` as EventType, stage, pid, span: executed.span, data }, [], event);
    }
  }

  #exited(event: TraceEvent, seen: Seen | undefined): void {
    const { status, signal } = event.data;
    const data = { childPid: event.pid, status, ...(signal !== undefined && { signal }) };
    this.#emit({ type: 'kernel.process-exited', pid: event.pid, span: seen?.span ?? '', data }, [], event);
    this.#init = undefined;
  }

  /** A field of the request, when the command line could be read. */
  causeOf(pointer: `/${string}`): Cause | undefined {
    return this.#create?.data.provenance === undefined ? undefined : `api:${pointer}`;
  }

  #emit(draft: Draft, calls: readonly TraceEvent[], at = calls[0]): void {
    if (at === undefined) return;
    const { type, stage = 'kernel', pid = at.pid, span, cause, truth = 'observed', data, twin } = draft;
    const event: TraceEvent = { seq: 0, ts: at.ts, stage, pid, tid: pid, type, span, truth, data };
    if (cause !== undefined) event.cause = cause;
    if (twin !== undefined) event.twin = twin;
    this.#derived.push({ event, calls });
  }
}

/** Which executions are doors: containerd starts shims, shims call the runtime. */
function doorOf(file: string, argv: readonly string[], process: string): Door | undefined {
  const program = file.slice(file.lastIndexOf('/') + 1);
  const verb = argv
    .slice(1)
    .find((word) => /^(start|delete|create|kill|exec|run|state|pause|resume|update|ps|events)$/.test(word));
  if (/^containerd-shim-/.test(program) && process === 'containerd') {
    return { stage: 'containerd', peer: 'shim', method: verb ?? 'start' };
  }
  if (/^(runc|crun|runsc|youki)$/.test(program) && process === 'shim' && verb !== undefined) {
    return { stage: 'shim', peer: 'runc', method: verb };
  }
  return undefined;
}
