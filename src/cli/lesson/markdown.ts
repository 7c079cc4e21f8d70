// Markdown of lessons as lines for a terminal: wrapped, in the sixteen colours, readable without any. Rule: what a lesson holds goes through
// `printable`; nothing is cut.
import { marked, type Token, type Tokens } from 'marked';
import { paint } from '../../base/colour.ts';
import { printable, wrap } from '../../base/text.ts';

export function markdownLines(text: string, width: number): string[] {
  const blocks = marked.lexer(text).map((token) => blockLines(token, width));
  return blocks.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

function blockLines(token: Token, width: number): string[] {
  switch (token.type) {
    case 'heading':
      return [paint.out('bold', bare(plain(token as Tokens.Heading)))];
    case 'paragraph':
      return wrapped(token as Tokens.Paragraph, width);
    case 'code':
      return commandLines((token as Tokens.Code).text);
    case 'list':
      return (token as Tokens.List).items.flatMap((item, i) => {
        const mark = (token as Tokens.List).ordered ? `${Number((token as Tokens.List).start || 1) + i}. ` : '- ';
        const lines = item.tokens.flatMap((one) => blockLines(one, width - mark.length));
        return lines.map((line, at) => (at === 0 ? mark : ' '.repeat(mark.length)) + line);
      });
    case 'blockquote':
      return (token as Tokens.Blockquote).tokens
        .flatMap((one) => blockLines(one, width - 2))
        .map((line) => `${paint.out('dim', '|')} ${line}`);
    case 'table':
      return tableLines(token as Tokens.Table, width);
    case 'text':
      return wrapped(token as Tokens.Text, width);
    case 'space':
    case 'html':
      return [];
    default:
      return wrap(printable(token.raw.trim()), width);
  }
}

/** What is to be typed, or was printed: never wrapped, so that it can be copied. */
export const commandLines = (text: string): string[] =>
  text.split('\n').map((line) => (line === '' ? '' : `    ${paint.out('cyan', printable(line))}`));

interface Inline {
  tokens?: Token[];
  text: string;
}

function wrapped(token: Inline, width: number): string[] {
  return colored(wrap(plain(token).replace(/\s*\\n\s*/g, ' '), width));
}

/** Inline marks stay in the text until it is wrapped, as private characters that a lesson has no use for. */
const marks = { strong: '\ue000', codespan: '\ue001', end: '\ue002' } as const;

function plain({ tokens, text }: Inline): string {
  if (tokens === undefined) return printable(unescaped(text));
  return tokens
    .map((token) => {
      if (token.type === 'codespan')
        return `${marks.codespan}${printable(unescaped((token as Tokens.Codespan).text))}${marks.end}`;
      if (token.type === 'strong') return `${marks.strong}${plain(token as Inline)}${marks.end}`;
      if (token.type === 'br') return ' ';
      if (token.type === 'link') {
        const { href } = token as Tokens.Link;
        const label = plain(token as Inline);
        return label === href ? label : `${label} (${printable(href)})`;
      }
      return plain(token as Inline);
    })
    .join('');
}

const unescaped = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? "'",
  );

/** A mark may begin on one line and end on the next: each line is coloured by itself. */
function colored(lines: readonly string[]): string[] {
  let open: 'bold' | 'cyan' | undefined;
  return lines.map((line) => {
    let text = '';
    for (const piece of line.split(/([\ue000-\ue002])/)) {
      if (piece === marks.strong) open = 'bold';
      else if (piece === marks.codespan) open = 'cyan';
      else if (piece === marks.end) open = undefined;
      else if (piece !== '') text += open === undefined ? piece : paint.out(open, piece);
    }
    return text;
  });
}

/** Columns as wide as their longest cell; where that is too wide, one record a row. */
function tableLines({ header, rows }: Tokens.Table, width: number): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => bare(plain(cell))));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  if (widths.reduce((sum, one) => sum + one + 2, 0) <= width) {
    return cells.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
  const names = cells[0] ?? [];
  const records = cells.slice(1).map((row) => row.flatMap((cell, i) => wrap(`${names[i]}: ${cell}`, width)));
  return records.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

const bare = (text: string): string => text.replace(/[\ue000-\ue002]/g, '');
