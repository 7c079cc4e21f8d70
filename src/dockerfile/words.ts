// Words of an instruction, and variables in them, as the Dockerfile's own small shell has them: quotes, the escape character,
// $name, ${name} and its modifiers. No command substitution, no globs.
// @source dockerfile reference: Environment replacement
import { LabError } from '../base/errors.ts';

/** Splits at blanks outside of quotes; quotes and escapes stay as written. An open quote runs to the end. */
export function splitWords(text: string, escapeToken: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const c = text[at] ?? '';
    if (quote === '' && /\s/.test(c)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += c;
    if (c === escapeToken && quote !== "'" && at + 1 < text.length) word += text[++at];
    else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
  }
  return word === '' ? words : [...words, word];
}

export interface Expansion {
  /** Without quotes and escapes. */
  value: string;
  /** Names that stood in it, in order, each once. */
  used: string[];
  /** Those without a value and without a default: empty text took their place. */
  unset: string[];
}

export type Lookup = (name: string) => string | undefined;

/** One word with its quotes taken away and its variables replaced. Throws LabError invalidArgument. */
export function expandWord(text: string, lookup: Lookup, escapeToken = '\\'): Expansion {
  const state: State = { text, at: 0, lookup, escapeToken, used: new Set(), unset: new Set(), depth: 0 };
  const value = expandUntil(state, '');
  return { value, used: [...state.used], unset: [...state.unset] };
}

/** A heredoc's body with its variables replaced: quotes are text, the escape character only keeps $ and itself. */
export function expandText(text: string, lookup: Lookup, escapeToken = '\\'): string {
  const state: State = { text, at: 0, lookup, escapeToken, used: new Set(), unset: new Set(), depth: 0 };
  let value = '';
  while (state.at < text.length) {
    const c = text[state.at++] ?? '';
    const next = text[state.at] ?? '';
    if (c === '$') value += variable(state);
    else if (c === escapeToken && (next === '$' || next === escapeToken)) value += text[state.at++];
    else value += c;
  }
  return value;
}

interface State {
  text: string;
  at: number;
  lookup: Lookup;
  escapeToken: string;
  used: Set<string>;
  unset: Set<string>;
  /** How many braces are open. */
  depth: number;
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

const bad = (state: State, needed: string): LabError =>
  new LabError('invalidArgument', `"${shortened(state.text)}": expected ${needed}`);

/** Defaults in defaults in defaults: more than anybody writes. */
const deepestNesting = 100;

/** Up to `end` outside of quotes, which is left to the caller; '' is the end of the text. */
function expandUntil(state: State, end: string): string {
  state.depth++;
  if (state.depth > deepestNesting) throw bad(state, `at most ${deepestNesting} variables inside of each other`);
  const value = expandRest(state, end);
  state.depth--;
  return value;
}

function expandRest(state: State, end: string): string {
  let value = '';
  while (state.at < state.text.length) {
    const c = state.text[state.at] ?? '';
    if (end !== '' && c === end) return value;
    state.at++;
    if (c === "'") value += singleQuoted(state);
    else if (c === '"') value += doubleQuoted(state);
    else if (c === '$') value += variable(state);
    else if (c === state.escapeToken && state.at < state.text.length) value += state.text[state.at++];
    else value += c;
  }
  if (end !== '') throw bad(state, `a "${end}"`);
  return value;
}

function singleQuoted(state: State): string {
  const end = state.text.indexOf("'", state.at);
  if (end < 0) throw bad(state, "a closing '");
  const value = state.text.slice(state.at, end);
  state.at = end + 1;
  return value;
}

/** The escape character works before ", $ and itself only. */
function doubleQuoted(state: State): string {
  let value = '';
  while (state.at < state.text.length) {
    const c = state.text[state.at++] ?? '';
    const next = state.text[state.at] ?? '';
    if (c === '"') return value;
    if (c === '$') value += variable(state);
    else if (c === state.escapeToken && (next === '"' || next === '$' || next === state.escapeToken))
      value += state.text[state.at++];
    else value += c;
  }
  throw bad(state, 'a closing "');
}

const nameForm = /[A-Za-z_][A-Za-z0-9_]*/y;

function variable(state: State): string {
  if (state.text[state.at] === '{') {
    state.at++;
    return braced(state);
  }
  const name = nameAt(state);
  if (name !== '') return lookedUp(state, name) ?? missing(state, name);
  // Positional and special parameters are always empty; a lone $ is itself.
  if (/[0-9@*#?!]/.test(state.text[state.at] ?? '')) {
    state.at++;
    return '';
  }
  return '$';
}

function nameAt(state: State): string {
  nameForm.lastIndex = state.at;
  const name = nameForm.exec(state.text)?.[0] ?? '';
  state.at += name.length;
  return name;
}

function lookedUp(state: State, name: string): string | undefined {
  state.used.add(name);
  return state.lookup(name);
}

function missing(state: State, name: string): string {
  state.unset.add(name);
  return '';
}

/** Behind `${`. */
function braced(state: State): string {
  const name = nameAt(state);
  if (name === '') throw bad(state, 'a name behind ${');
  const modifier = /^(?::?[-+?]|##?|%%?|\/\/?)/.exec(state.text.slice(state.at))?.[0] ?? '';
  state.at += modifier.length;
  const value = modifier === '' ? plain(state, name) : modified(state, name, modifier);
  if (state.text[state.at] !== '}') throw bad(state, `a } behind \${${name}`);
  state.at++;
  return value;
}

const plain = (state: State, name: string): string => lookedUp(state, name) ?? missing(state, name);

/** `:` also counts an empty value as none. */
function modified(state: State, name: string, modifier: string): string {
  const value = lookedUp(state, name);
  const isThere = value !== undefined && (value !== '' || !modifier.startsWith(':'));
  const kind = modifier.at(-1);
  if (kind === '/') return replaced(state, value ?? missing(state, name), modifier === '//');
  const word = expandUntil(state, '}');
  if (kind === '-') return isThere ? (value ?? '') : word;
  if (kind === '+') return isThere ? word : '';
  if (kind === '?') {
    if (isThere) return value ?? '';
    throw new LabError('invalidArgument', `\${${name}}: ${word === '' ? 'it has no value' : word}`);
  }
  return trimmed(value ?? missing(state, name), word, modifier);
}

function replaced(state: State, value: string, all: boolean): string {
  const pattern = expandUntil(state, '/');
  state.at++;
  const by = expandUntil(state, '}');
  const form = new RegExp(globSource(pattern, true), all ? 'gs' : 's');
  return pattern === '' ? value : value.replace(form, () => by);
}

/** `#` the shortest match from the left, `##` the longest, `%` and `%%` from the right. */
function trimmed(value: string, pattern: string, modifier: string): string {
  const isLongest = modifier.length === 2;
  const source = globSource(pattern, isLongest);
  if (modifier.startsWith('#')) return value.replace(new RegExp(`^${source}`, 's'), '');
  const starts = Array.from({ length: value.length + 1 }, (_, index) => (isLongest ? index : value.length - index));
  const whole = new RegExp(`^${globSource(pattern, true)}$`, 's');
  const start = starts.find((index) => whole.test(value.slice(index)));
  return start === undefined ? value : value.slice(0, start);
}

/** Each more multiplies what a hostile pattern makes the search do. */
const starsMax = 4;

/** `*` and `?` as a regular expression; everything else is itself. */
function globSource(pattern: string, isGreedy: boolean): string {
  if (pattern.replace(/[^*]/g, '').length > starsMax)
    throw new LabError('invalidArgument', `pattern "${pattern}": expected at most ${starsMax} times *`);
  return pattern
    .replace(/\*+/g, '*')
    .split('')
    .map((c) => (c === '*' ? (isGreedy ? '.*' : '.*?') : c === '?' ? '.' : c.replace(/[\\^$.|+()[\]{}]/g, '\\$&')))
    .join('');
}
