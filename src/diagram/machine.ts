// A state machine as a mermaid state diagram: the very machine that the engine runs on, walked, never drawn by hand.
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { States } from './drawing.ts';

/** @source mermaid stateDiagram-v2: a composite state holds the transitions between its own states. */
export function machineToMermaid(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...body(machine.root, '  ')].join('\n').concat('\n');
}

function body(node: AnyStateNode, indent: string): string[] {
  const lines: string[] = [];
  const initial = node.initial?.target?.[0];
  if (initial !== undefined) lines.push(`${indent}[*] --> ${name(initial)}`);
  for (const state of Object.values(node.states)) {
    if (Object.keys(state.states).length > 0) {
      lines.push(`${indent}state ${name(state)} {`, ...body(state, `${indent}  `), `${indent}}`);
    }
    lines.push(...transitions(state, indent));
    if (state.type === 'final') lines.push(`${indent}${name(state)} --> [*]`);
  }
  return lines;
}

/** One arrow for each pair of states, with every event that takes it. */
const transitions = (state: AnyStateNode, indent: string): string[] =>
  exitsOf(state).map(({ to, says }) => `${indent}${name(state)} --> ${to}: ${says}`);

function exitsOf(state: AnyStateNode): { to: string; says: string }[] {
  const labels = new Map<string, string[]>();
  for (const [event, definitions] of state.transitions) {
    for (const definition of definitions) {
      for (const target of definition.target ?? [state]) {
        const label = labels.get(name(target)) ?? [];
        labels.set(name(target), [...label, eventWords(event)]);
      }
    }
  }
  return [...labels].map(([to, events]) => ({ to, says: [...new Set(events)].join(', ') }));
}

/** The same as a drawing, for SVG and text. */
export function machineDrawing(machine: AnyStateMachine, title: string): States {
  const all: States['states'] = [];
  const walk = (node: AnyStateNode): void => {
    for (const state of Object.values(node.states)) {
      all.push({ name: name(state), isFinal: state.type === 'final', exits: exitsOf(state) });
      walk(state);
    }
  };
  walk(machine.root);
  const initial = machine.root.initial?.target?.[0];
  return { kind: 'states', title, initial: initial === undefined ? '' : name(initial), states: all };
}

const name = (state: AnyStateNode): string => state.path.join('_') || state.key;

/** xstate's own event names said plainly. */
function eventWords(event: string): string {
  if (event.startsWith('xstate.after.')) return `after ${event.slice('xstate.after.'.length).split('.')[0]}`;
  if (event.startsWith('xstate.done.')) return 'done';
  if (event.startsWith('xstate.error.')) return 'failed';
  return event === '' ? 'always' : event;
}
