// The expressions inside {{ }}: `.A.B`, `index .Map "key" 0`, `json .`, `.Names | upper`, parentheses.

export interface Scope {
  dot: unknown;
  /** What `$` means. */
  root: unknown;
  variables: Map<string, unknown>;
}

type Word = { kind: 'value'; value: unknown } | { kind: 'function'; name: string };

export function evaluate(pipeline: string, scope: Scope): unknown {
  const words = lex(pipeline);
  let piped: { value: unknown } | undefined;
  for (const command of split(words, '|')) {
    piped = { value: runCommand(command, scope, piped) };
  }
  if (piped === undefined) throw new Error('missing value');
  return piped.value;
}

/** Strings, numbers, names, fields, parentheses and pipes. */
function lex(text: string): string[] {
  const found: string[] = [];
  const pattern = /\s*("(?:\\.|[^"\\])*"|`[^`]*`|[()|]|[^\s()|"`]+)/gy;
  for (const match of text.matchAll(pattern)) found.push(match[1] ?? '');
  if (found.join('').length !== text.replace(/("(?:\\.|[^"\\])*"|`[^`]*`)|\s+/g, '$1').length) {
    throw new Error(`unexpected text in "${text}"`);
  }
  return found;
}

/** Splits at a word that stands outside parentheses. */
function split(words: readonly string[], separator: string): string[][] {
  const groups: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (word === separator && depth === 0) groups.push([]);
    else groups.at(-1)?.push(word);
  }
  return groups;
}

function runCommand(words: readonly string[], scope: Scope, piped: { value: unknown } | undefined): unknown {
  const terms = readTerms(words, scope);
  const [first, ...rest] = terms;
  if (first === undefined) throw new Error('missing value');
  const given = rest.map((term) => {
    if (term.kind === 'function') throw new Error(`function "${term.name}" cannot be an argument`);
    return term.value;
  });
  if (piped !== undefined) given.push(piped.value);
  if (first.kind === 'function') return callFunction(first.name, given);
  if (given.length > 0) throw new Error("can't give arguments to a value that is not a function");
  return first.value;
}

function readTerms(words: readonly string[], scope: Scope): Word[] {
  const terms: Word[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word !== '(') {
      terms.push(term(word, scope));
      continue;
    }
    const end = closing(words, at);
    let value = evaluate(words.slice(at + 1, end).join(' '), scope);
    const after = words[end + 1];
    if (after?.startsWith('.') === true) value = field(value, after);
    terms.push({ kind: 'value', value });
    at = after?.startsWith('.') === true ? end + 1 : end;
  }
  return terms;
}

function closing(words: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < words.length; at += 1) {
    if (words[at] === '(') depth += 1;
    if (words[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error('unclosed parenthesis');
}

const constants: Record<string, unknown> = { true: true, false: false, nil: null };

function term(word: string, scope: Scope): Word {
  if (word.startsWith('"')) return { kind: 'value', value: JSON.parse(word) };
  if (word.startsWith('`')) return { kind: 'value', value: word.slice(1, -1) };
  if (/^-?\d/.test(word)) return { kind: 'value', value: Number(word) };
  if (word === '.') return { kind: 'value', value: scope.dot };
  if (word.startsWith('.')) return { kind: 'value', value: field(scope.dot, word) };
  if (word.startsWith('$')) {
    const [name = '$'] = word.split('.', 1);
    const value = name === '$' ? scope.root : scope.variables.get(name);
    if (name !== '$' && !scope.variables.has(name)) throw new Error(`undefined variable "${name}"`);
    return { kind: 'value', value: word.length > name.length ? field(value, word.slice(name.length)) : value };
  }
  if (Object.hasOwn(constants, word)) return { kind: 'value', value: constants[word] };
  return { kind: 'function', name: word };
}

/** Members of the API's documents that are maps to Docker's templates; everything else is a struct. */
const maps = new Set([
  ...['Annotations', 'Attributes', 'DriverOpts', 'ExposedPorts', 'Labels', 'Networks', 'Options', 'PortBindings'],
  ...['Ports', 'Sysctls', 'Tmpfs', 'Volumes'],
]);

/** `.A.B`. A missing member of a struct is an error, as in Go; of a map it is no value. */
function field(value: unknown, path: string): unknown {
  let at = value;
  let holder = '';
  for (const name of path.slice(1).split('.')) {
    const key = memberOf(at, name);
    if (key === undefined) {
      if (maps.has(holder)) return undefined;
      if (at === null || at === undefined) throw new Error(`nil value evaluating .${name}`);
      throw new Error(`there is no field .${name} here${known(at)}`);
    }
    at = (at as Record<string, unknown>)[key];
    if (typeof at === 'function') at = (at as () => unknown)();
    holder = name;
  }
  return at;
}

/** The name itself, or what it is in JSON when it is the name of Docker's struct: `ID` is `Id` of a container, `id` of an event. */
function memberOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, name)) return name;
  if (!/^[A-Z]/.test(name)) return undefined;
  return Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase());
}

const known = (value: unknown): string => {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return names.length === 0
    ? ''
    : `; there are ${names
        .slice(0, 30)
        .map((name) => `.${name}`)
        .join(' ')}`;
};

type Callable = (...given: unknown[]) => unknown;

/** @source docker cli templates: basic functions; go text/template: predefined functions */
const functions: Record<string, Callable> = {
  json: (value) => JSON.stringify(plain(value)),
  upper: (value) => String(value).toUpperCase(),
  lower: (value) => String(value).toLowerCase(),
  title: (value) => String(value).replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  join: (list, separator) => (list as unknown[]).map(printed).join(String(separator)),
  split: (value, separator) => String(value).split(String(separator)),
  truncate: (value, length) => String(value).slice(0, Number(length)),
  len: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value ?? {}).length),
  index: (value, ...keys) => keys.reduce(indexed, value),
  print: (...given) => given.map(printed).join(''),
  println: (...given) => `${given.map(printed).join(' ')}\n`,
  printf: (form, ...given) => format(String(form), given),
  eq: (first, ...others) => others.some((other) => other === first),
  ne: (one, other) => one !== other,
  lt: (one, other) => (one as number) < (other as number),
  gt: (one, other) => (one as number) > (other as number),
  and: (...given) => given.find((value) => !value) ?? given.at(-1),
  or: (...given) => given.find(Boolean) ?? given.at(-1),
  not: (value) => !value,
};

function callFunction(name: string, given: unknown[]): unknown {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (found === undefined) throw new Error(`function "${name}" is not defined`);
  return found(...given);
}

function indexed(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined) throw new Error('index of nil');
  if (Array.isArray(value) && (Number(key) >= value.length || Number(key) < 0)) {
    throw new Error(`index ${printed(key)} is out of range (length ${value.length})`);
  }
  return Object.hasOwn(value as object, String(key)) ? (value as Record<string, unknown>)[String(key)] : undefined;
}

/** `%s`, `%v`, `%d`, `%q`, `%x`, with a width. */
function format(form: string, given: unknown[]): string {
  let at = 0;
  return form.replace(/%(-?\d+)?([svdqx%])/g, (_, width: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    const value = given[at];
    at += 1;
    const text = verb === 'q' ? JSON.stringify(value) : verb === 'x' ? Number(value).toString(16) : printed(value);
    const size = Math.abs(Number(width ?? 0));
    return width?.startsWith('-') === true ? text.padEnd(size) : text.padStart(size);
  });
}

/** Fields that are computed when asked become their values. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, typeof member === 'function' ? member() : member]),
  );
}

/** As Go's fmt prints it with %v. */
export function printed(value: unknown): string {
  if (value === null || value === undefined) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${members.map(([key, member]) => `${key}:${printed(member)}`).join(' ')}]`;
  }
  return String(value);
}
