// Colours of what is written to a terminal: the sixteen that people's themes decide.
// Rule: colours are accents; the meaning is always also in a word. One rule says whether there are any, for every command and the viewer.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'inverse' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** @source no-color.org: any non-empty value of NO_COLOR turns colours off */
export function hasColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Node.js itself would also ask CI, COLORTERM and others, and so differ from the rule above. */
const painter = (stream: { isTTY?: boolean }) => (style: Style, text: string) =>
  hasColor(stream) ? styleText(style, text, { validateStream: false }) : text;

export const paint = {
  /** For what goes to stdout. */
  out: painter(process.stdout),
  /** For what goes to stderr. */
  err: painter(process.stderr),
};
