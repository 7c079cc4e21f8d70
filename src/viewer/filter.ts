// The filter language of every viewer: `stage=kernel and (type=*mount* or not dur<1ms)`.
//   expression := term { or term } · term := factor { and factor } · factor := not factor | ( expression ) | comparison | word
//   comparison := field (= | != | < | > | <= | >=) value; a value may have * and ?, or be a range 5..9; dur, ts take ns, us, ms, s
//   a bare word matches anywhere in the event's words; "…" holds spaces and brackets; @name is a filter with that name
// Each leaf answers yes, no, or "not to be told from so little" (undefined), so that one tree judges whole events and glances at a line.
// Rule: no expression takes more than its length times the text's, whatever it says.
import { LabError } from '../base/errors.ts';
import type { Glance } from '../trace/call-line.ts';
import type { TraceEvent } from '../trace/file.ts';
import { type Field, fieldOf, wordField } from './fields.ts';
import { globMatcher, partOf, partOfWord } from './glob.ts';
import { type NamedFilters, namedFilter } from './named-filters.ts';

export interface Filter {
  matches(event: TraceEvent): boolean;
  /** For a line of level 3: undefined where only the whole event tells. */
  mayMatch(call: Glance): boolean | undefined;
  /** The same of the line as it is, before anything is known of it: false when a text is missing that would have to be there. */
  mayHold(line: string): boolean;
}

type Answer = boolean | undefined;
interface Node {
  ofEvent(event: TraceEvent): boolean;
  ofGlance(call: Glance): Answer;
  ofLine(line: string): boolean;
}

/** Longer and deeper ones are no filters that a person wrote. */
const longestFilter = 4_000;
const deepestFilter = 100;

/** Compiles a filter; `named` holds what a person has named. @throws LabError usage, naming the place that is wrong. */
export function parseFilter(text: string, named: NamedFilters = {}): Filter {
  const node = new Parser(text, new Names(named)).whole();
  return {
    matches: (event) => node.ofEvent(event),
    mayMatch: (call) => node.ofGlance(call),
    mayHold: (line) => node.ofLine(line),
  };
}

const tokenForm = /\s*(\(|\)|(?:"(?:[^"\\]|\\.)*"|[^\s()"])+)/y;

/** The filters that names stand for, and how much of all that has been read: names within names add up to no more than a person writes. */
class Names {
  readonly #own: NamedFilters;
  readonly #open: string[] = [];
  #length = 0;

  constructor(own: NamedFilters) {
    this.#own = own;
  }

  count(text: string): void {
    this.#length += text.length;
    if (this.#length <= longestFilter) return;
    throw new LabError('usage', `--filter: ${this.#length} characters, expected at most ${longestFilter}`);
  }

  nodeOf(name: string): Node {
    if (this.#open.includes(name)) throw new LabError('usage', `--filter: filter "@${name}" stands in itself`);
    this.#open.push(name);
    const node = new Parser(namedFilter(name, this.#own), this).whole();
    this.#open.pop();
    return node;
  }
}

class Parser {
  readonly #text: string;
  readonly #names: Names;
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string, names: Names) {
    names.count(text);
    this.#names = names;
    this.#text = text.trimEnd();
    tokenForm.lastIndex = 0;
    for (let end = 0; end < this.#text.length; end = tokenForm.lastIndex) {
      const token = tokenForm.exec(this.#text)?.[1];
      if (token === undefined) throw this.#error('a " is not closed');
      this.#tokens.push(token);
    }
  }

  whole(): Node {
    const node = this.#expression();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw this.#error(`unexpected "${rest}", expected and, or`);
    return node;
  }

  #error(words: string): LabError {
    const shown = this.#text.length > 200 ? `${this.#text.slice(0, 200)}…` : this.#text;
    return new LabError('usage', `--filter "${shown}": ${words}`);
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expression(): Node {
    const nodes = [this.#term()];
    while (this.#takes('or')) nodes.push(this.#term());
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : any(nodes);
  }

  #term(): Node {
    const nodes = [this.#factor()];
    while (this.#takes('and')) nodes.push(this.#factor());
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : all(nodes);
  }

  #factor(): Node {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#error('ends too early, expected field=value or a word');
    if (token === ')' || token === 'and' || token === 'or') {
      throw this.#error(`unexpected "${token}", expected field=value or a word`);
    }
    if (/^@[a-z]/.test(token)) return this.#names.nodeOf(token.slice(1));
    if (token !== 'not' && token !== '(') return comparison(token);
    if (++this.#depth > deepestFilter) throw this.#error(`brackets deeper than ${deepestFilter}`);
    const inner = token === 'not' ? not(this.#factor()) : this.#expression();
    this.#depth--;
    if (token === '(' && !this.#takes(')')) throw this.#error('a ( is not closed');
    return inner;
  }
}

const any = (nodes: readonly Node[]): Node => ({
  ofEvent: (event) => nodes.some((node) => node.ofEvent(event)),
  ofGlance: (call) => decided(nodes, call, true),
  ofLine: (line) => nodes.some((node) => node.ofLine(line)),
});

const all = (nodes: readonly Node[]): Node => ({
  ofEvent: (event) => nodes.every((node) => node.ofEvent(event)),
  ofGlance: (call) => decided(nodes, call, false),
  ofLine: (line) => nodes.every((node) => node.ofLine(line)),
});

/** One answer of this kind decides; else one that is open leaves all open. */
function decided(nodes: readonly Node[], call: Glance, deciding: boolean): Answer {
  let answer: Answer = !deciding;
  for (const node of nodes) {
    const one = node.ofGlance(call);
    if (one === deciding) return deciding;
    if (one === undefined) answer = undefined;
  }
  return answer;
}

const not = (node: Node): Node => ({
  ofEvent: (event) => !node.ofEvent(event),
  ofGlance: (call) => {
    const answer = node.ofGlance(call);
    return answer === undefined ? undefined : !answer;
  },
  ofLine: () => true,
});

const comparisonForm = /^([a-zA-Z][a-zA-Z.]*)(!=|<=|>=|=|<|>)(.*)$/s;

function comparison(token: string): Node {
  const [, name, operator, raw = ''] = comparisonForm.exec(token) ?? [];
  if (name === undefined || operator === undefined) {
    const word = unquote(token).toLowerCase();
    return leaf(wordField, { test: (value) => String(value).toLowerCase().includes(word), part: partOfWord(word) });
  }
  const field = fieldOf(name);
  if (raw === '')
    throw new LabError('usage', `--filter "${token}": expected a value after ${operator}, "" for an empty one`);
  if (operator !== '=' && operator !== '!=') return leaf(field, { test: ordering(operator, quantity(raw, token)) });
  const equal = leaf(field, rangeTest(raw, token) ?? equality(unquote(raw)));
  return operator === '=' ? equal : not(equal);
}

function equality(value: string): LeafTest {
  const matches = globMatcher(value);
  return { test: (one) => one !== undefined && matches(String(one)), part: partOf(value) };
}

const rangeForm = /^(-?\d+(?:\.\d+)?[a-z]*)\.\.(-?\d+(?:\.\d+)?[a-z]*)$/;

/** `8990..9000`, both ends included. Undefined for what is no range; a text that looks like one (a path) is found too. */
function rangeTest(raw: string, token: string): LeafTest | undefined {
  const [, from, to] = rangeForm.exec(raw) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const [least, most] = [quantity(from, token), quantity(to, token)];
  return { test: (one) => (typeof one === 'number' ? least <= one && one <= most : one === raw) };
}

/** An object as text: String() would call what a hostile trace put into it. */
const plainly = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

interface LeafTest {
  test(value: unknown): boolean;
  /** What the line of an event must hold, in any case of letters, for the test to be passed. */
  part?: string | undefined;
}

/** A leaf is true when one of the field's values passes. */
function leaf(field: Field, { test, part }: LeafTest): Node {
  const holds = (value: unknown): boolean =>
    Array.isArray(value) ? value.some((one) => test(plainly(one))) : test(plainly(value));
  const { ofGlance, isInLine = false } = field;
  return {
    ofEvent: (event) => holds(field.ofEvent(event)),
    ofGlance: ofGlance !== undefined ? (call) => test(ofGlance(call)) : () => undefined,
    ofLine: isInLine && part !== undefined ? holding(part) : () => true,
  };
}

/** The line of a call without the part cannot match, unless it writes letters in another way: `\u0061`, `\/`. */
function holding(part: string): (line: string) => boolean {
  const form = new RegExp(part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'), 'i');
  return (line) =>
    form.test(line) || line.includes('\\u') || line.includes('\\/') || !line.includes('"kernel.syscall-made"');
}

const ordering =
  (operator: string, bound: number) =>
  (value: unknown): boolean => {
    if (typeof value !== 'number') return false;
    if (operator === '<') return value < bound;
    if (operator === '>') return value > bound;
    return operator === '<=' ? value <= bound : value >= bound;
  };

const unitsNs: Record<string, number> = { '': 1, ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

function quantity(raw: string, token: string): number {
  const match = /^(-?\d+(?:\.\d+)?)(ns|us|ms|s|)$/.exec(raw);
  if (match?.[1] === undefined) {
    throw new LabError('usage', `--filter "${token}": expected a number, with ns, us, ms or s for times`);
  }
  return Number(match[1]) * (unitsNs[match[2] ?? ''] ?? 1);
}

const unquote = (text: string): string => (/^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text);
