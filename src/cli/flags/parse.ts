// Reads a command line by a table of flags, the way Docker's own reader does: `-it`, `-dp 8080:80`, `-p=…`, `--flag=…`, `--`.
// Rule: with `untilOperand`, the first operand ends the flags, so that everything after IMAGE belongs to the container.
import { closest } from './closest.ts';
import { Expected, type FlagSpec, type FlagTable, type FlagValues, usageError } from './spec.ts';

export interface ParsedLine<Table extends FlagTable> {
  flags: FlagValues<Table>;
  operands: string[];
  /** Long names of the flags that were given, each as it was spelt: `memory` → `-m 64m`. */
  given: Map<string, string[]>;
}

interface Found {
  name: string;
  spec: FlagSpec<unknown>;
  /** As the person spelt it: `-m` or `--memory`. */
  spelt: string;
}

/** Throws `usage` errors that name the flag, the value seen and what was expected. */
export function parseLine<Table extends FlagTable>(
  table: Table,
  argv: readonly string[],
  options: { untilOperand?: boolean } = {},
): ParsedLine<Table> {
  const reader = new LineReader(table, argv);
  const operands: string[] = [];
  for (let word = reader.next(); word !== undefined; word = reader.next()) {
    if (word === '--') {
      operands.push(...reader.rest());
    } else if (word.startsWith('--')) {
      reader.long(word);
    } else if (word.startsWith('-') && word !== '-') {
      reader.shorts(word);
    } else {
      operands.push(word);
      if (options.untilOperand === true) operands.push(...reader.rest());
    }
  }
  return { flags: reader.values as FlagValues<Table>, operands, given: reader.given };
}

class LineReader {
  readonly values: Record<string, unknown> = {};
  readonly given = new Map<string, string[]>();
  readonly #table: FlagTable;
  readonly #argv: readonly string[];
  #at = 0;

  constructor(table: FlagTable, argv: readonly string[]) {
    this.#table = table;
    this.#argv = argv;
    for (const [name, spec] of Object.entries(table)) this.values[name] = spec.initial;
  }

  next(): string | undefined {
    const word = this.#argv[this.#at];
    this.#at += 1;
    return word;
  }

  rest(): string[] {
    const words = this.#argv.slice(this.#at);
    this.#at = this.#argv.length;
    return words;
  }

  long(word: string): void {
    const at = word.indexOf('=');
    const spelt = at < 0 ? word : word.slice(0, at);
    const found = this.#find(spelt);
    if (at >= 0) this.#take(found, word.slice(at + 1));
    else if (found.spec.arity === 'boolean') this.#take(found, 'true');
    else this.#take(found, this.#valueOf(found));
  }

  /** `-it`, `-dp 8080:80`, `-p8080:80`, `-m=64m`: booleans until one that takes a value, which takes the rest. */
  shorts(word: string): void {
    for (let at = 1; at < word.length; at += 1) {
      const found = this.#find(`-${word[at]}`, word);
      const rest = word.slice(at + 1);
      if (found.spec.arity === 'boolean' && !rest.startsWith('=')) {
        this.#take(found, 'true');
        continue;
      }
      this.#take(found, rest === '' ? this.#valueOf(found) : rest.replace(/^=/, ''));
      return;
    }
  }

  #find(spelt: string, within: string = spelt): Found {
    const bare = spelt.replace(/^--?/, '');
    for (const [name, spec] of Object.entries(this.#table)) {
      const matches = spelt.startsWith('--') ? name === bare || spec.aliases?.includes(bare) : spec.short === bare;
      if (matches === true) return { name, spec, spelt };
    }
    if (spelt.startsWith('--')) {
      const near = closest(bare, Object.keys(this.#table));
      throw usageError(`unknown flag: ${spelt}`, near === undefined ? undefined : `--${near}`);
    }
    throw usageError(`unknown flag: ${spelt}${within === spelt ? '' : ` in ${within}`}`);
  }

  #valueOf(found: Found): string {
    const value = this.next();
    if (value === undefined) throw usageError(`${found.spelt}: expected a value (${found.spec.value ?? 'string'})`);
    return value;
  }

  #take(found: Found, value: string): void {
    try {
      this.values[found.name] = found.spec.read(value, this.values[found.name]);
    } catch (error) {
      if (error instanceof Expected) throw usageError(`${found.spelt} "${value}": expected ${error.message}`);
      throw error;
    }
    const words = found.spec.arity === 'boolean' ? found.spelt : `${found.spelt} ${value}`;
    this.given.set(found.name, [...(this.given.get(found.name) ?? []), words]);
  }
}
