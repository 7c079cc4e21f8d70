// What can be drawn, before anybody draws it: mermaid, SVG and text are made of the same. Rule: what the picture says, the text says too.

import { printable } from '../base/text.ts';

/** Who says what to whom, in order. */
export interface Sequence {
  kind: 'sequence';
  title: string;
  actors: string[];
  arrows: { from: string; to: string; says: string }[];
}

export interface TreeNode {
  says: string;
  children: TreeNode[];
}

/** Things that stand in, on or below each other. */
export interface Tree {
  kind: 'tree';
  title: string;
  roots: TreeNode[];
}

/** States and what leads from one to the other. */
export interface States {
  kind: 'states';
  title: string;
  initial: string;
  states: { name: string; isFinal: boolean; exits: { to: string; says: string }[] }[];
}

export type Drawing = Sequence | Tree | States;

/** The text of a drawing: an ordered list, for who does not see pictures. */
export function textOfDrawing(drawing: Drawing): string[] {
  if (drawing.kind === 'sequence') {
    return [
      drawing.title,
      ...drawing.arrows.map(({ from, to, says }, i) => `${i + 1}. ${from}${from === to ? '' : ` → ${to}`}: ${says}`),
    ];
  }
  if (drawing.kind === 'tree')
    return [drawing.title, ...drawing.roots.flatMap((root, i) => nodeText(root, `${i + 1}`))];
  const exits = drawing.states.flatMap(({ name, exits: all, isFinal }) => [
    ...all.map(({ to, says }) => `${name} → ${to}: ${says}`),
    ...(isFinal ? [`${name} is the end`] : []),
  ]);
  return [drawing.title, `begins as ${drawing.initial}`, ...exits.map((line, i) => `${i + 1}. ${line}`)];
}

const nodeText = ({ says, children }: TreeNode, number: string): string[] => [
  `${number}. ${says}`,
  ...children.flatMap((child, i) => nodeText(child, `${number}.${i + 1}`)),
];

/** Mermaid of a sequence or a tree; a machine's is machine.ts's. */
export function mermaidOf(drawing: Sequence | Tree): string[] {
  if (drawing.kind === 'tree') {
    const lines = ['flowchart LR'];
    drawing.roots.forEach((root, i) => {
      flow(lines, root, `n${i + 1}`);
    });
    return lines;
  }
  const id = (actor: string): string => `a${drawing.actors.indexOf(actor)}`;
  return [
    'sequenceDiagram',
    ...drawing.actors.map((actor) => `  participant ${id(actor)} as ${escaped(actor)}`),
    ...drawing.arrows.map(({ from, to, says }) => `  ${id(from)}->>${id(to)}: ${escaped(says)}`),
  ];
}

function flow(lines: string[], { says, children }: TreeNode, id: string): void {
  lines.push(`  ${id}["${escaped(says)}"]`);
  children.forEach((child, i) => {
    flow(lines, child, `${id}_${i + 1}`);
    lines.push(`  ${id} --- ${id}_${i + 1}`);
  });
}

/** @source mermaid docs, syntax: entity codes to escape characters */
const escaped = (text: string): string =>
  printable(text).replace(/[#;"<>{}%]/g, (character) => `#${character.charCodeAt(0)};`);
