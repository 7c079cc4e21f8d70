// Lines with colours of ours in them (SGR alone): measured, cut and filled by what is seen. What came from a trace has no control characters
// any more (base/text.ts printable), so every escape sequence here is our own.
import { stripVTControlCharacters } from 'node:util';
import { columns } from '../../base/text.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that paint writes, or one character
const pieces = /\x1b\[[0-9;]*m|./gsu;

/** Columns that are seen. */
export const seenColumns = (line: string): number => columns(stripVTControlCharacters(line));

/** At most `width` columns, a cut one with a mark; colours stay closed. */
export function cut(line: string, width: number): string {
  if (seenColumns(line) <= width) return line;
  let used = 0;
  let kept = '';
  let isStyled = false;
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.startsWith('\x1b')) {
      kept += piece;
      isStyled = true;
      continue;
    }
    used += columns(piece);
    if (used > width - 1) break;
    kept += piece;
  }
  return `${kept}${isStyled ? '\x1b[0m' : ''}…`;
}

/** Exactly `width` columns. */
export function filled(line: string, width: number): string {
  const shown = cut(line, width);
  return shown + ' '.repeat(Math.max(0, width - seenColumns(shown)));
}

/** A line that is wider than that as several: nothing of it is lost. Later ones are indented and keep the colour. */
export function broken(line: string, width: number): string[] {
  if (seenColumns(line) <= width) return [line];
  const lines: string[] = [];
  let style = '';
  let used = 0;
  let text = '';
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.startsWith('\x1b')) style = piece;
    else if (used + columns(piece) > width) {
      lines.push(text + (style === '' ? '' : '\x1b[0m'));
      text = `  ${style}`;
      used = 2;
    }
    if (!piece.startsWith('\x1b')) used += columns(piece);
    text += piece;
  }
  return [...lines, text];
}
