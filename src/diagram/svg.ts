// Drawings as SVG of our own: one file, no font, no script, nothing from elsewhere; light and dark as the reader has it; title and description for
// who does not see it. Rule: all text comes from outside and is escaped; every line of text has a row of its own, so that none lies on another.
import { columns, fit } from '../base/text.ts';
import { type Drawing, type Sequence, type States, type Tree, type TreeNode, textOfDrawing } from './drawing.ts';

/** Of a monospaced font of 13 px, a little more than it needs. */
const characterPx = 8;
const rowPx = 24;
const marginPx = 16;
/** Longer ones are cut with a mark; the description has them whole. */
const mostColumns = 72;
const titleColumns = 110;

const style = `
  svg { color-scheme: light dark; }
  .ground { fill: #ffffff; } .box { fill: #eef3f8; stroke: #4a6785; } .end { stroke-width: 3; }
  .line { fill: none; stroke: #4a6785; } .faint { stroke-dasharray: 3 4; } .tip { fill: #4a6785; }
  text { font: 13px ui-monospace, monospace; fill: #14202b; } .title { font-weight: bold; }
  .over { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12181f; } .box { fill: #1e2a36; stroke: #8fb0cf; } .line { stroke: #8fb0cf; } .tip { fill: #8fb0cf; } text { fill: #e4ecf3; }
    .over { stroke: #12181f; }
  }`;

export function svgOf(drawing: Drawing): string {
  const picture = new Picture();
  picture.text(0, 0, drawing.title, 'title');
  if (drawing.kind === 'sequence') drawSequence(picture, drawing);
  else if (drawing.kind === 'tree') drawTree(picture, drawing);
  else drawStates(picture, drawing);
  return picture.svg(drawing);
}

/** Collects shapes, and how much room they take. */
class Picture {
  readonly #shapes: string[] = [];
  #width = 0;
  #height = 0;

  #reach(x: number, y: number): void {
    this.#width = Math.max(this.#width, x);
    this.#height = Math.max(this.#height, y);
  }

  text(x: number, y: number, text: string, kind = ''): void {
    const shown = fit(text, kind === 'title' ? titleColumns : mostColumns);
    this.#reach(x + columns(shown) * characterPx, y + rowPx);
    this.#shapes.push(`<text x="${x}" y="${y + 16}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(shown)}</text>`);
  }

  /** A box as wide as its text; its width. */
  box(x: number, y: number, text: string, kind = ''): number {
    const width = widthOf(text);
    this.#shapes.push(
      `<rect class="box${kind === '' ? '' : ` ${kind}`}" x="${x}" y="${y + 1}" width="${width}" height="${rowPx - 3}" rx="4"/>`,
    );
    this.text(x + characterPx, y, text);
    this.#reach(x + width, y + rowPx);
    return width;
  }

  line(points: readonly (readonly [number, number])[], kind = ''): void {
    for (const [x, y] of points) this.#reach(x + 1, y + 1);
    this.#shapes.push(
      `<polyline class="line${kind === '' ? '' : ` ${kind}`}" points="${points.map(([x, y]) => `${x},${y}`).join(' ')}"/>`,
    );
  }

  /** The tip of an arrow that comes from the left (1) or the right (-1). */
  tip(x: number, y: number, from: 1 | -1): void {
    this.#shapes.push(`<polygon class="tip" points="${x},${y} ${x - 8 * from},${y - 4} ${x - 8 * from},${y + 4}"/>`);
  }

  svg(drawing: Drawing): string {
    const width = this.#width + 2 * marginPx;
    const height = this.#height + 2 * marginPx;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title text">`,
      `<title id="title">${escaped(drawing.title)}</title>`,
      `<desc id="text">${escaped(textOfDrawing(drawing).slice(1).join('\n'))}</desc>`,
      `<style>${style}\n</style>`,
      `<rect class="ground" width="${width}" height="${height}"/>`,
      `<g transform="translate(${marginPx} ${marginPx})">`,
      ...this.#shapes,
      '</g>',
      '</svg>',
    ].join('\n');
  }
}

const widthOf = (text: string): number => (columns(fit(text, mostColumns)) + 2) * characterPx;

const escaped = (text: string): string =>
  text
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\p{Cc}/gu, (c) => (c === '\n' ? c : ' '));

/** A column an actor; each arrow has a row for its words and a row for itself. */
function drawSequence(picture: Picture, { actors, arrows }: Sequence): void {
  const top = 1.5 * rowPx;
  const spacing = Math.max(...actors.map(widthOf)) + 40;
  const middle = (actor: string): number => actors.indexOf(actor) * spacing + widthOf(actor) / 2;
  const first = top + 1.5 * rowPx;
  const bottom = first + arrows.length * 1.6 * rowPx;
  for (const actor of actors)
    picture.line(
      [
        [middle(actor), top + rowPx],
        [middle(actor), bottom],
      ],
      'faint',
    );
  for (const actor of actors) picture.box(actors.indexOf(actor) * spacing, top, actor);
  arrows.forEach(({ from, to, says }, i) => {
    const y = first + i * 1.6 * rowPx;
    const [a, b] = [middle(from), middle(to)];
    picture.text(Math.min(a, b) + 10, y, `${i + 1}. ${says}`, 'over');
    const at = y + rowPx;
    if (from === to) {
      picture.line([
        [a, y + 8],
        [a + 6, y + 8],
        [a + 6, at - 6],
        [a, at - 6],
      ]);
      return;
    }
    arrow(picture, [a, at], [b, at]);
  });
}

const indentPx = 28;

/** A row a node, its children indented below it. */
function drawTree(picture: Picture, { roots }: Tree): void {
  let row = 0;
  const rowY = (at: number): number => 1.5 * rowPx + at * rowPx * 1.15;
  const draw = ({ says, children }: TreeNode, depth: number): void => {
    const x = depth * indentPx;
    const own = rowY(row++);
    picture.box(x, own, says);
    for (const child of children) {
      const y = rowY(row) + rowPx / 2;
      picture.line([
        [x + 12, own + rowPx - 2],
        [x + 12, y],
        [x + indentPx, y],
      ]);
      draw(child, depth + 1);
    }
  };
  for (const root of roots) draw(root, 0);
}

/** A way out as words: where it leads is said, so that no line has to be followed to know it. */
const wayOut = ({ to, says }: Exit, own: string): string => (to === own ? `${says}: stays` : `${says} → ${to}`);

type Exit = States['states'][number]['exits'][number];

/** States below each other, each way out a row with its events; those to one state go by a lane of its own, which they share. */
function drawStates(picture: Picture, { states, initial }: States): void {
  const left = 24;
  const exitsX = left + Math.max(...states.map(({ name }) => widthOf(name))) + 20;
  const words = states.flatMap(({ name, exits }) => exits.map((exit) => wayOut(exit, name)));
  const lanesX = exitsX + Math.max(0, ...words.map((says) => columns(fit(says, mostColumns)) * characterPx)) + 24;
  const led = states.filter(({ name }) =>
    states.some((one) => one.name !== name && one.exits.some(({ to }) => to === name)),
  );
  const laneOf = (name: string): number => lanesX + led.findIndex((one) => one.name === name) * 12;
  const tops = new Map<string, number>();
  let y = 2 * rowPx;
  for (const { name, exits } of states) {
    tops.set(name, y);
    y += (1.4 + exits.length) * rowPx;
  }
  for (const { name, exits, isFinal } of states) {
    const top = tops.get(name) ?? 0;
    picture.box(left, top, name, isFinal ? 'end' : '');
    if (name === initial) arrow(picture, [0, top + rowPx / 2], [left, top + rowPx / 2]);
    exits.forEach((exit, i) => {
      const own = top + (1 + i) * rowPx;
      picture.text(exitsX, own - 6, wayOut(exit, name));
      const target = tops.get(exit.to);
      if (target === undefined || exit.to === name) return;
      const x = laneOf(exit.to);
      picture.line([
        [left + 20, top + rowPx - 2],
        [left + 20, own + rowPx - 4],
        [x, own + rowPx - 4],
        [x, target + rowPx / 2],
      ]);
    });
  }
  for (const { name } of led) {
    const at = (tops.get(name) ?? 0) + rowPx / 2;
    arrow(picture, [laneOf(name), at], [left + widthOf(name), at]);
  }
}

type Point = readonly [x: number, y: number];

function arrow(picture: Picture, from: Point, to: Point): void {
  picture.line([from, to]);
  picture.tip(to[0], to[1], to[0] > from[0] ? 1 : -1);
}
