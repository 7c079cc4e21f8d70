// containerd's filter language: `name==web,labels."a.b"~=x` selects what satisfies every selector; several filters are alternatives.
// selector := fieldpath (operator value)?   operator := == | != | ~=   A fieldpath alone asks whether the field is there.
// @source containerd filters/parser.go (the grammar)
import { LabError } from '../../base/errors.ts';

/** The value of a field path in an object, or undefined when it is not there. */
export type Fields = (path: readonly string[]) => string | undefined;
export type Filter = (fields: Fields) => boolean;

const longestFilter = 4096;

/** One predicate for all the filters of a request; no filters select everything. Errors: invalidArgument. */
export function parseFilters(filters: readonly string[]): Filter {
  const parsed = filters.filter((filter) => filter.trim() !== '').map(parseFilter);
  if (parsed.length === 0) return () => true;
  return (fields) => parsed.some((filter) => filter(fields));
}

/** Fields of a flat object with labels: `name`, `labels.<key>`. */
export const fieldsOf =
  (values: Record<string, string | undefined>, labels: Record<string, string>): Fields =>
  (path) =>
    path[0] === 'labels' ? labels[path.slice(1).join('.')] : values[path.join('.')];

function parseFilter(source: string): Filter {
  if (source.length > longestFilter)
    throw new LabError('invalidArgument', `filter: ${source.length} characters, at most ${longestFilter} are allowed`);
  const scanner = new Scanner(source);
  const selectors: Filter[] = [];
  do selectors.push(scanner.selector());
  while (scanner.takeComma());
  return (fields) => selectors.every((selector) => selector(fields));
}

class Scanner {
  #at = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  selector(): Filter {
    const path = [this.#field()];
    while (this.#take('.')) path.push(this.#field());
    const operator = this.#match(/==|!=|~=/y);
    if (operator === undefined) return (fields) => (fields(path) ?? '') !== '';
    const value = this.#value(operator === '~=');
    if (operator === '==') return (fields) => fields(path) === value;
    if (operator === '!=') return (fields) => fields(path) !== value;
    const expression = this.#expression(value);
    return (fields) => {
      const found = fields(path);
      return found !== undefined && expression.test(found);
    };
  }

  takeComma(): boolean {
    if (this.#take(',')) return true;
    if (this.#at < this.#source.length) throw this.#error('expected a comma or the end');
    return false;
  }

  #field(): string {
    return this.#match(/[A-Za-z_][A-Za-z0-9_]*/y) ?? this.#quoted(false) ?? this.#fail('expected a field name');
  }

  #value(isExpression: boolean): string {
    return this.#quoted(isExpression) ?? this.#match(/[^\s,"]+/y) ?? this.#fail('expected a value');
  }

  #quoted(isExpression: boolean): string | undefined {
    const double = this.#match(/"(?:[^"\\]|\\.)*"/y);
    if (double !== undefined) return double.slice(1, -1).replaceAll(/\\(.)/g, isExpression ? '\\$1' : '$1');
    if (!isExpression) return undefined;
    return (this.#match(/\/(?:[^/\\]|\\.)*\//y) ?? this.#match(/\|(?:[^|\\]|\\.)*\|/y))?.slice(1, -1);
  }

  #expression(value: string): RegExp {
    try {
      return new RegExp(value, 'u');
    } catch {
      throw this.#error(`"${value}" is not a regular expression`);
    }
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(expected: string): never {
    throw this.#error(expected);
  }

  #error(expected: string): LabError {
    return new LabError('invalidArgument', `filter "${this.#source}": at character ${this.#at}: ${expected}`);
  }
}
