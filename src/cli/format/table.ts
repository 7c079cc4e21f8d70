// Tables as docker prints them: left-aligned columns, at least ten wide, three spaces apart.
// On a terminal that is too narrow the widest columns are shortened with a mark; in a pipe nothing ever is.
import { terminalColumns } from '../terminal.ts';
import { ellipsis } from './words.ts';

/** @source docker cli formatter: tabwriter with minimum width 10, padding 3 */
const usualMinimum = 10;
const padding = 3;

export function tableLines(
  rows: readonly (readonly string[])[],
  fitTo: number | undefined,
  minimum: number = usualMinimum,
): string[] {
  const widths = columnWidths(rows, minimum);
  if (fitTo !== undefined) shrink(widths, rows, fitTo);
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === row.length - 1 ? ellipsis(cell, lastWidth(widths, fitTo)) : cellText(cell, widths[at] ?? 0),
      )
      .join(''),
  );
}

/** Columns of the longest line, when nothing is shortened. */
export function tableWidth(rows: readonly (readonly string[])[]): number {
  const widths = columnWidths(rows, usualMinimum);
  return (
    widths.slice(0, -1).reduce((sum, each) => sum + each, 0) + Math.max(...rows.map((row) => width(row.at(-1) ?? '')))
  );
}

/** The width to fit into: the terminal's, or none when the output is no terminal. */
export const fitWidth = (): number | undefined => (process.stdout.isTTY ? terminalColumns() : undefined);

const width = (text: string): number => [...text].length;

const cellText = (cell: string, columnWidth: number): string => {
  const shown = ellipsis(cell, columnWidth - padding);
  return shown + ' '.repeat(Math.max(0, columnWidth - width(shown)));
};

function columnWidths(rows: readonly (readonly string[])[], minimum: number): number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, at) =>
    Math.max(minimum, ...rows.map((row) => width(row[at] ?? '') + padding)),
  );
}

const narrowest = 12 + padding;

function shrink(widths: number[], rows: readonly (readonly string[])[], fitTo: number): void {
  const last = widths.length - 1;
  // A long last column (a command) is cut first: a third of the line says enough of it.
  const lastNeeds = Math.min(Math.floor(fitTo / 3), Math.max(0, ...rows.map((row) => width(row[last] ?? ''))));
  const total = (): number => widths.slice(0, last).reduce((sum, each) => sum + each, 0) + lastNeeds;
  while (total() > fitTo) {
    const widest = widths.slice(0, last).reduce((best, each, at) => (each > (widths[best] ?? 0) ? at : best), 0);
    if ((widths[widest] ?? 0) <= narrowest) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function lastWidth(widths: readonly number[], fitTo: number | undefined): number {
  if (fitTo === undefined) return Number.MAX_SAFE_INTEGER;
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each, 0);
  return Math.max(12, fitTo - before);
}
