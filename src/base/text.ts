// Text for a terminal: nothing that came from outside may move the cursor, and nothing is cut without a mark.

const controls = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** Most texts: spares the search for controls where lists are long. */
const plainAscii = /^[ -~]*$/;
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Control characters and direction overrides made visible (`\x1b`): safe to print, whoever wrote it. */
export function printable(text: string): string {
  if (plainAscii.test(text)) return text;
  return text.replace(controls, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** JSON on one line, safe to print: what JSON leaves as it is (DEL, C1 controls, direction overrides) is escaped too. */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (plainAscii.test(json)) return json;
  return json.replace(controls, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** Terminal columns of a text without control characters. */
export function columns(text: string): number {
  let count = 0;
  for (const character of text) count += wide.test(character) ? 2 : 1;
  return count;
}

/** No character takes more than two columns: spares counting where lists are long. */
const isSurelyWithin = (text: string, width: number): boolean => text.length * 2 <= width;

/** The text in at most `width` columns; a cut one ends in `…`. */
export function fit(text: string, width: number): string {
  if (isSurelyWithin(text, width) || columns(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += wide.test(character) ? 2 : 1;
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The text in at most `width` columns, cut in its middle: the end of a path says more than what lies between. */
export function fitMiddle(text: string, width: number): string {
  if (isSurelyWithin(text, width) || columns(text) <= width) return text;
  const characters = [...text];
  const tail = Math.floor((width - 1) * 0.45);
  let end = '';
  while (columns(end) < tail) end = `${characters.pop() ?? ''}${end}`;
  if (columns(end) > tail) end = end.slice([...end][0]?.length);
  return fit(characters.join(''), width - columns(end)) + end;
}

/** Breaks a text at spaces into lines of at most `width` columns; longer words stand alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columns(line) + 1 + columns(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
