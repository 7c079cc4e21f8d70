// Shell words for the twin script: reading the words of a twin command back, and writing words that hold variables.
// Rule: a word of a trace is data. Whatever it holds, the shell reads it back as one word, and no control character of it
// reaches the script as such (a trace may come from anywhere, and scripts are looked at in terminals).

/** A literal of the run, and the variable that stands for it. */
export interface Substitution {
  pattern: RegExp;
  variable: string;
}

const escapedForm = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** `172.17.0.2` as a whole: not in 172.17.0.20. Paths and names end at a slash, a colon or the word's end. */
export const wholeText = (text: string): RegExp => new RegExp(`(?<![\\w.-])${escapedForm(text)}(?![\\w-]|\\.\\w)`, 'u');

/** The same, anywhere. */
export const anyText = (text: string): RegExp => new RegExp(escapedForm(text), 'u');

const control = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** One character that may not stand in a script, as a command that prints it; the newline has a variable. */
function escaped(character: string): string {
  if (character === '\n') return `\${NEWLINE}`;
  const octal = [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return `$(printf '${octal}')`;
}

const escapedDouble = (text: string): string => text.replace(/[\\"$`]/g, '\\$&');

/** Text as one word: bare where it can be, in single quotes, or in double quotes when it holds a variable. */
export function word(text: string, substitutions: readonly Substitution[] = []): string {
  const pieces = split(text, substitutions);
  const hasVariable = pieces.some((piece) => piece.variable !== undefined);
  if (!hasVariable && !control.test(text)) return plainWord(text);
  const parts = pieces.map((piece, i) => {
    if (piece.variable === undefined) return [...piece.text].map(inDouble).join('');
    const next = pieces[i + 1]?.text ?? '';
    return /^\w/.test(next) ? `\${${piece.variable}}` : `$${piece.variable}`;
  });
  return `"${parts.join('')}"`;
}

const inDouble = (character: string): string =>
  control.test(character) ? escaped(character) : escapedDouble(character);

const plainWord = (text: string): string =>
  /^[\w@%+=:,./!*-]+$/.test(text) && !/[*]/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

interface Piece {
  text: string;
  variable?: string;
}

function split(text: string, substitutions: readonly Substitution[]): Piece[] {
  const pieces: Piece[] = [];
  let rest = text;
  while (rest !== '') {
    const found = earliest(rest, text.slice(0, text.length - rest.length), substitutions);
    if (found === undefined) break;
    if (found.at > 0) pieces.push({ text: rest.slice(0, found.at) });
    pieces.push({
      text: found.length === 0 ? '' : rest.slice(found.at, found.at + found.length),
      variable: found.variable,
    });
    rest = rest.slice(found.at + found.length);
  }
  if (rest !== '' || pieces.length === 0) pieces.push({ text: rest });
  return pieces;
}

/** The first match; of those at one place the one that is listed first. `before` keeps look-behinds right. */
function earliest(rest: string, before: string, substitutions: readonly Substitution[]) {
  let best: { at: number; length: number; variable: string } | undefined;
  for (const { pattern, variable } of substitutions) {
    const sticky = new RegExp(pattern.source, 'gu');
    sticky.lastIndex = before.length;
    const match = sticky.exec(before + rest);
    if (match === null || match[0] === '') continue;
    const at = match.index - before.length;
    if (best === undefined || at < best.at) best = { at, length: match[0].length, variable };
  }
  return best;
}

/** The words of a command as our twins write it: bare words and single quotes, nothing else. */
export function wordsIn(command: string): string[] {
  const found: string[] = [];
  const form = /\s*((?:'(?:[^']|'\\'')*'|[^\s'])+)/gy;
  for (let match = form.exec(command); match !== null; match = form.exec(command)) {
    found.push(
      (match[1] ?? '')
        .replaceAll("'\\''", '\u0000')
        .replace(/'([^']*)'/g, '$1')
        .replaceAll('\u0000', "'"),
    );
  }
  return found;
}
