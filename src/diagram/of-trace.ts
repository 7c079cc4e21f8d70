// Drawings of a trace: its story as a sequence, and the network, the mounts or the layers as they are after an event.
import { printable } from '../base/text.ts';
import { stages } from '../trace/events.ts';
import type { Trace, TraceEvent } from '../trace/file.ts';
import { States } from '../viewer/state.ts';
import type { StateLine } from '../viewer/state-fold.ts';
import { beatsOf } from '../viewer/story.ts';
import type { Drawing, Sequence, Tree, TreeNode } from './drawing.ts';

export const traceDrawings = ['sequence', 'network', 'mounts', 'layers'] as const;
export type TraceDrawing = (typeof traceDrawings)[number];

/** @param seq the event after which the kernel's state is drawn; a sequence is that of the whole trace */
export function drawingOf(trace: Trace, of: TraceDrawing, seq: number, known?: States): Drawing {
  const command = printable(trace.header.command.join(' '));
  if (of === 'sequence') return sequenceOf(trace.events, command);
  const states = known ?? new States(trace.events);
  const title = `${of} after event ${seq} of: ${command}`;
  if (of === 'layers') return { kind: 'tree', title, roots: nested(states.at('layers', seq)) };
  if (of === 'mounts') return { kind: 'tree', title, roots: nested(states.at('mounts', seq)).map(byPath) };
  return networkOf(states.at('rules', seq), title);
}

/** So many moments are looked at for the fullest one. */
const mostLooks = 200;

/** The last event after which there was most of what is drawn: at the end of a trace its containers are often gone. */
export function fullestOf(trace: Trace, of: Exclude<TraceDrawing, 'sequence'>): number {
  const states = new States(trace.events);
  const kind = of === 'network' ? 'rules' : of;
  const changes = trace.events.filter((event) => states.concernedBy(event).includes(kind)).map(({ seq }) => seq);
  const every = Math.max(1, Math.ceil(changes.length / mostLooks));
  let fullest = { seq: trace.events.at(-1)?.seq ?? 0, count: -1 };
  for (const seq of changes.filter((_, i) => i % every === 0 || i === changes.length - 1)) {
    const count = sizeOf(drawingOf(trace, of, seq, states));
    if (count >= fullest.count) fullest = { seq, count };
  }
  return fullest.seq;
}

const sizeOf = (drawing: Drawing): number => {
  const nodes = (roots: readonly TreeNode[]): number =>
    roots.reduce((sum, { children }) => sum + 1 + nodes(children), 0);
  return drawing.kind === 'tree' ? nodes(drawing.roots) : 0;
};

/** One arrow a beat: from who does it to whom it is done. */
function sequenceOf(events: readonly TraceEvent[], title: string): Sequence {
  const stageOfPid = new Map(events.filter(({ stage }) => stage !== 'kernel').map(({ pid, stage }) => [pid, stage]));
  const arrows = beatsOf(events).map(({ beat, events: all }) => {
    const [event] = all;
    const peer = event.type.endsWith('.request-sent') ? String(event.data.peer) : '';
    const isKernel = event.stage === 'kernel';
    // The processes that carry out a plan have written no part of their own: the runtime's children.
    const from = isKernel ? (stageOfPid.get(event.pid) ?? 'runc') : beat.stage;
    const to = isKernel ? 'kernel' : (stages as readonly string[]).includes(peer) ? peer : beat.stage;
    return { from, to, says: printable(beat.says(all)) };
  });
  const used = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  return { kind: 'sequence', title, actors: stages.filter((stage) => used.has(stage)), arrows };
}

/** Lines with their indents as nodes. */
function nested(lines: readonly StateLine[]): TreeNode[] {
  const roots: TreeNode[] = [];
  const open: { indent: number; node: TreeNode }[] = [];
  for (const { text, indent } of lines) {
    const node: TreeNode = { says: printable(text), children: [] };
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    (open.at(-1)?.node.children ?? roots).push(node);
    open.push({ indent, node });
  }
  return roots;
}

/** Mounts of one table, each below the one that its folder lies in. */
function byPath({ says, children }: TreeNode): TreeNode {
  const root: TreeNode = { says, children: [] };
  const placed: { path: string; node: TreeNode }[] = [];
  for (const node of children) {
    const path = node.says.split('  ')[0] ?? '';
    const above = placed.findLast((one) => one.path === '/' || path === one.path || path.startsWith(`${one.path}/`));
    (above?.node ?? root).children.push(node);
    placed.push({ path, node });
  }
  return root;
}

const portForm = /^link (\S+): veth, a port of (\S+), its other end is (\S+) of ([^,]+)/;

/** The host, its bridges with their ports, the containers behind these; then what leads from outside to them. */
function networkOf(lines: readonly StateLine[], title: string): Tree {
  const groups = nested(lines);
  const find = (says: string): TreeNode | undefined => groups.find((group) => group.says === says);
  const host: TreeNode = { says: 'host', children: [] };
  const bridges = new Map<string, TreeNode>();
  const bridgeAt = (name: string): TreeNode => {
    const known = bridges.get(name);
    if (known !== undefined) return known;
    const made: TreeNode = { says: `bridge ${name}`, children: [] };
    bridges.set(name, made);
    host.children.push(made);
    return made;
  };
  for (const { says } of find('network of the host')?.children ?? []) {
    const [, port = '', bridge, end = '', whose = ''] = portForm.exec(says) ?? [];
    const [, address = '', on] = /^address (\S+) on (\S+)/.exec(says) ?? [];
    if (bridge !== undefined) {
      const inside = find(`network of ${whose}`)?.children ?? [];
      const container = { says: `container ${whose}, ${end}`, children: inside };
      bridgeAt(bridge).children.push({ says: `veth ${port}`, children: [container] });
    } else if (on !== undefined) bridgeAt(on).says += `, ${address}`;
    else if (/: bridge/.test(says)) bridgeAt(/^link (\S+):/.exec(says)?.[1] ?? 'bridge');
  }
  const published =
    find('chain nat TLAB')?.children ?? groups.find(({ says }) => /^chain nat TLAB:/.test(says))?.children ?? [];
  const roots = [host, ...(published.length === 0 ? [] : [{ says: 'from outside (nat TLAB)', children: published }])];
  return { kind: 'tree', title, roots };
}
