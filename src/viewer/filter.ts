// The filter language of every viewer: `stage=kernel and (type=*mount* or not dur<1ms)`.
//   expression := term { or term } · term := factor { and factor } · factor := not factor | ( expression ) | comparison | word
//   comparison := field (= | != | < | > | <= | >=) value; a value may have * and ?; dur, ts take ns, us, ms, s
//   a bare word matches anywhere in the event's words
import { LabError } from '../base/errors.ts';
import { levelOf, wordsOf } from '../explain/words.ts';
import type { TraceEvent } from '../trace/file.ts';

export type Filter = (event: TraceEvent) => boolean;

const tokenForm = /\s*("(?:[^"\\]|\\.)*"|\(|\)|[^\s()]+)/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenForm.lastIndex = 0;
  while (tokenForm.lastIndex < text.trimEnd().length) {
    const match = tokenForm.exec(text);
    if (match?.[1] === undefined) break;
    tokens.push(match[1]);
  }
  return tokens;
}

/** Compiles a filter. @throws LabError usage, naming the place that is wrong. */
export function parseFilter(text: string): Filter {
  const tokens = tokenize(text);
  let at = 0;
  const next = (): string | undefined => tokens[at];

  function expression(): Filter {
    let left = term();
    while (next() === 'or') {
      at++;
      const [a, b] = [left, term()];
      left = (event) => a(event) || b(event);
    }
    return left;
  }
  function term(): Filter {
    let left = factor();
    while (next() === 'and') {
      at++;
      const [a, b] = [left, factor()];
      left = (event) => a(event) && b(event);
    }
    return left;
  }
  function factor(): Filter {
    const token = next();
    if (token === undefined)
      throw new LabError('usage', `--filter "${text}": ends too early, expected field=value or a word`);
    at++;
    if (token === 'not') {
      const inner = factor();
      return (event) => !inner(event);
    }
    if (token !== '(') return comparison(token);
    const inner = expression();
    if (next() !== ')') throw new LabError('usage', `--filter "${text}": a ( is not closed`);
    at++;
    return inner;
  }

  const filter = expression();
  if (at < tokens.length) throw new LabError('usage', `--filter "${text}": unexpected "${next()}", expected and, or`);
  return filter;
}

type Field = (event: TraceEvent) => unknown;

const fields: Record<string, Field> = {
  seq: (e) => e.seq,
  ts: (e) => e.ts,
  stage: (e) => e.stage,
  pid: (e) => e.pid,
  tid: (e) => e.tid,
  type: (e) => e.type,
  kind: (e) => e.type.slice(e.type.indexOf('.') + 1),
  level: (e) => levelOf(e),
  span: (e) => e.span,
  cause: (e) => e.cause,
  truth: (e) => e.truth,
  dur: (e) => e.data.durationNs,
  name: (e) => e.data.operation ?? e.data.method ?? e.data.message,
  path: (e) => e.data.path ?? e.data.target,
  errno: (e) => e.data.errno,
  layer: (e) => e.data.digest,
  rule: (e) => e.data.rule,
};

const comparisonForm = /^([a-zA-Z.]+)(!=|<=|>=|=|<|>)(.*)$/s;

function comparison(token: string): Filter {
  const match = comparisonForm.exec(token);
  if (match?.[1] === undefined || match[2] === undefined) {
    const word = unquote(token).toLowerCase();
    return (event) => wordsOf(event).toLowerCase().includes(word) || event.type.includes(word);
  }
  const [, name, operator, raw = ''] = match;
  const field = fieldOf(name);
  if (operator === '=' || operator === '!=') {
    const pattern = globOf(unquote(raw));
    const wanted = operator === '=';
    return (event) => {
      const value = field(event);
      return (value !== undefined && pattern.test(String(value))) === wanted;
    };
  }
  return ordering(field, operator, quantity(raw, token));
}

/** A column, or `data.x.y` for anything else in the event. */
function fieldOf(name: string): Field {
  const known = fields[name];
  if (known !== undefined) return known;
  if (!name.startsWith('data.')) {
    throw new LabError(
      'usage',
      `--filter: no field "${name}", expected ${Object.keys(fields).join(', ')} or data.<name>`,
    );
  }
  const steps = name.split('.').slice(1);
  return (event) => {
    let value: unknown = event.data;
    for (const step of steps)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
    return value;
  };
}

function ordering(field: Field, operator: string, bound: number): Filter {
  return (event) => {
    const value = field(event);
    if (typeof value !== 'number') return false;
    if (operator === '<') return value < bound;
    if (operator === '>') return value > bound;
    return operator === '<=' ? value <= bound : value >= bound;
  };
}

const unitsNs: Record<string, number> = { '': 1, ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

function quantity(raw: string, token: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s|)$/.exec(raw);
  if (match?.[1] === undefined)
    throw new LabError('usage', `--filter "${token}": expected a number, with ns, us, ms or s for times`);
  return Number(match[1]) * (unitsNs[match[2] ?? ''] ?? 1);
}

const unquote = (text: string): string => (/^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text);

function globOf(text: string): RegExp {
  const escaped = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 's');
}
