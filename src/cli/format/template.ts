// Go's text/template as people use it with --format: fields, index, pipes, if, range, with, variables, and Docker's functions.
// Parsed once, then run on each value. @source go text/template; docker cli templates
import { LabError } from '../../base/errors.ts';
import { evaluate, printed, type Scope } from './template-values.ts';

export type Template = (value: unknown) => string;

type Part = { kind: 'text'; text: string } | { kind: 'value'; pipeline: string } | Block;

interface Block {
  kind: 'if' | 'with' | 'range';
  pipeline: string;
  body: Part[];
  otherwise: Part[];
}

const badTemplate = (template: string, why: string): LabError =>
  new LabError('usage', `--format "${template}": ${why}`, { hint: "a Go template, such as '{{.ID}}' or '{{json .}}'" });

/** Throws `usage` for a template that cannot be read, and when it names a field that the value has not. */
export function parseTemplate(template: string): Template {
  const source = template.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const parts = new Parser(template, tokens(source)).parts([]).parts;
  return (value) => {
    try {
      return render(parts, { dot: value, root: value, variables: new Map() });
    } catch (error) {
      if (error instanceof LabError) throw error;
      throw badTemplate(template, error instanceof Error ? error.message : String(error));
    }
  };
}

type Token = { text: string } | { action: string };

function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  let trimNext = false;
  for (const match of source.matchAll(/\{\{(- )?((?:"(?:\\.|[^"\\])*"|`[^`]*`|[^}"`]|\}(?!\}))*?)( -)?\}\}/g)) {
    let text = source.slice(at, match.index);
    if (trimNext) text = text.trimStart();
    if (match[1] !== undefined) text = text.trimEnd();
    found.push({ text }, { action: (match[2] ?? '').trim() });
    trimNext = match[3] !== undefined;
    at = match.index + match[0].length;
  }
  const rest = source.slice(at);
  return [...found, { text: trimNext ? rest.trimStart() : rest }];
}

class Parser {
  readonly #template: string;
  readonly #tokens: Token[];
  #at = 0;

  constructor(template: string, given: Token[]) {
    this.#template = template;
    this.#tokens = given;
  }

  /** Parts up to an action whose first word is in `ends`. */
  parts(ends: readonly string[]): { parts: Part[]; ended: string } {
    const parts: Part[] = [];
    for (; this.#at < this.#tokens.length; ) {
      const token = this.#tokens[this.#at];
      this.#at += 1;
      if (token === undefined) break;
      if ('text' in token) {
        if (token.text.includes('{{')) throw badTemplate(this.#template, 'unclosed action');
        if (token.text !== '') parts.push({ kind: 'text', text: token.text });
        continue;
      }
      const [word = '', rest = ''] = splitFirst(token.action);
      if (ends.includes(word)) return { parts, ended: token.action };
      const part = this.#action(word, rest, token.action);
      if (part !== undefined) parts.push(part);
    }
    if (ends.length > 0) throw badTemplate(this.#template, 'expected {{end}}');
    return { parts, ended: '' };
  }

  #action(word: string, rest: string, action: string): Part | undefined {
    if (word === 'if' || word === 'with' || word === 'range') return this.#block(word, rest);
    if (word === 'end' || word === 'else') throw badTemplate(this.#template, `unexpected {{${word}}}`);
    if (action.startsWith('/*')) return undefined;
    if (action === '') throw badTemplate(this.#template, 'missing value in {{}}');
    return { kind: 'value', pipeline: action };
  }

  #block(kind: 'if' | 'with' | 'range', pipeline: string): Part {
    const { parts: body, ended } = this.parts(['end', 'else']);
    if (ended === 'end') return { kind, pipeline, body, otherwise: [] };
    const [, chained = ''] = splitFirst(ended);
    const [word, rest = ''] = splitFirst(chained);
    if (word === 'if') return { kind, pipeline, body, otherwise: [this.#block('if', rest)] };
    return { kind, pipeline, body, otherwise: this.parts(['end']).parts };
  }
}

function splitFirst(action: string): [string, string] {
  const match = /^(\S+)\s*([\s\S]*)$/.exec(action);
  return [match?.[1] ?? '', match?.[2] ?? ''];
}

const render = (parts: readonly Part[], scope: Scope): string => parts.map((part) => renderPart(part, scope)).join('');

function renderPart(part: Part, scope: Scope): string {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'value') {
    const declared = /^(\$\w+)\s*:?=\s*([\s\S]+)$/.exec(part.pipeline);
    const value = evaluate(declared?.[2] ?? part.pipeline, scope);
    if (declared?.[1] === undefined) return printed(value);
    scope.variables.set(declared[1], value);
    return '';
  }
  if (part.kind === 'range') return renderRange(part, scope);
  const value = evaluate(part.pipeline, scope);
  if (!isTrue(value)) return render(part.otherwise, scope);
  return render(part.body, part.kind === 'with' ? { ...scope, dot: value } : scope);
}

function renderRange(part: Block, scope: Scope): string {
  const match = /^(?:(\$\w+)\s*,\s*)?(?:(\$\w+)\s*:=\s*)?([\s\S]+)$/.exec(part.pipeline);
  const value = evaluate(match?.[3] ?? '', scope);
  const entries: Array<[unknown, unknown]> = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries((value ?? {}) as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return render(part.otherwise, scope);
  return entries
    .map(([key, each]) => {
      const variables = new Map(scope.variables);
      if (match?.[1] !== undefined) variables.set(match[1], key);
      if (match?.[2] !== undefined) variables.set(match[2], each);
      return render(part.body, { ...scope, dot: each, variables });
    })
    .join('');
}

/** @source go text/template: the empty values are false, 0, nil and anything of length 0 */
function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
