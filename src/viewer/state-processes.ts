// The process tree as of an event: the stages' own processes, what they started, the containers'. An end is known only where the trace holds it.
import type { Stage } from '../trace/events.ts';
import type { TraceEvent } from '../trace/file.ts';
import { type Fold, isDone, type Names, type StateLine, textOf } from './state-fold.ts';

interface Process {
  parent: number | undefined;
  words: string;
  seq: number;
  /** Of one that carries out a plan and has executed nothing yet: the span of that work. */
  setUp?: string;
}

interface Processes {
  alive: Map<number, Process>;
  /** The one daemon and the one containerd there are. */
  single: Map<Stage, number>;
  /** The runtime process that works in a span. */
  runtimeOf: Map<string, number>;
  /** Of every process that was started, also when it has ended. */
  parents: Map<number, number>;
}

const stageWords: Readonly<Record<string, string>> = {
  cli: 'tlab',
  daemon: 'tlabd, the daemon',
  containerd: 'tlab-containerd',
  shim: 'containerd-shim-tlab-v2',
  runc: 'tlab-runc',
};
const single = new Set<Stage>(['daemon', 'containerd']);

export const processes: Fold<Processes> = {
  begin: () => ({ alive: new Map(), single: new Map(), runtimeOf: new Map(), parents: new Map() }),
  concerns: ({ type, stage }) =>
    stage !== 'kernel' || /^kernel\.(process-(executed|exited)|operation-executed)$/.test(type),
  apply(state, event, names) {
    if (event.stage === 'kernel') kernelEvent(state, event, names);
    else stageEvent(state, event);
  },
  lines: treeLines,
};

function stageEvent(state: Processes, event: TraceEvent): void {
  const { stage, pid, type, seq, data, span } = event;
  if (pid > 0 && !state.alive.has(pid)) {
    const before = state.single.get(stage);
    if (before !== undefined && single.has(stage)) state.alive.delete(before);
    if (single.has(stage)) state.single.set(stage, pid);
    state.alive.set(pid, { parent: undefined, words: stageWords[stage] ?? stage, seq });
  }
  if (stage === 'runc') state.runtimeOf.set(span, pid);
  if (type === 'cli.command-started') rename(state, pid, (data.command as string[]).join(' '), seq);
  if (type === 'cli.command-ended') state.alive.delete(pid);
  const isOneCall = stage === 'runc' || stage === 'shim'; // `runc create`, `shim start`: a process for each call
  if (isOneCall && type.endsWith('.response-sent') && data.door === 'exec') state.alive.delete(pid);
  if (type === 'shim.exit-recorded') state.alive.delete(Number(data.taskPid));
}

function kernelEvent(state: Processes, event: TraceEvent, names: Names): void {
  const { type, data, pid, seq } = event;
  if (type === 'kernel.process-executed') {
    const child = Number(data.childPid ?? 0);
    if (child <= 0) return;
    state.alive.set(child, { parent: pid, words: shortWords(data.argv), seq });
    state.parents.set(child, pid);
  } else if (type === 'kernel.process-exited') state.alive.delete(Number(data.childPid));
  else if (pid > 0) operation(state, event, names);
}

/** A process that carries out a plan's operations: the runtime's child until its execve, then the container's program. */
function operation(state: Processes, event: TraceEvent, names: Names): void {
  const { data, pid, seq, span } = event;
  if (!state.alive.has(pid)) {
    const id = names.containerOf(span);
    const words = `set-up of ${id === undefined ? 'a container' : names.of(id)}, by runc's plan`;
    state.alive.set(pid, { parent: state.runtimeOf.get(span), words, seq, setUp: span });
  }
  if (data.operation !== 'exec' || !isDone(event)) return;
  const id = names.containerOf(span);
  const argv = ((data.arguments as { argv?: unknown[] }).argv ?? []).map(textOf).join(' ');
  // Its first parent, the runtime, ends; the shim, which is the subreaper, is next.
  const runtime = state.runtimeOf.get(span) ?? 0;
  const known = state.alive.get(pid);
  if (known !== undefined) {
    known.parent = state.parents.get(runtime) ?? known.parent;
    delete known.setUp;
  }
  // An exec's first child joins the namespaces, makes the one that executes, and ends.
  for (const [other, { setUp }] of state.alive) if (setUp === span) state.alive.delete(other);
  rename(state, pid, `${argv}  in ${id === undefined ? 'a container' : names.of(id)}`, seq);
}

function rename(state: Processes, pid: number, words: string, seq: number): void {
  const known = state.alive.get(pid);
  if (known !== undefined) Object.assign(known, { words, seq });
}

/** A program by its name; the rest as it is. */
function shortWords(argv: unknown): string {
  const [program = '', ...rest] = Array.isArray(argv) ? argv.map(textOf) : [];
  return [program.slice(program.lastIndexOf('/') + 1), ...rest].join(' ');
}

function treeLines({ alive }: Processes, names: Names): StateLine[] {
  const lines: StateLine[] = [];
  const told = new Set<number>();
  const tell = (pid: number, { words, seq }: Process, indent: number): void => {
    if (told.has(pid)) return;
    told.add(pid);
    lines.push({ text: `${pid}  ${names.named(words)}`, seq, indent });
    for (const [child, one] of alive) if (one.parent === pid) tell(child, one, indent + 1);
  };
  for (const [pid, one] of alive) if (one.parent === undefined || !alive.has(one.parent)) tell(pid, one, 0);
  return lines;
}
