// What a person keeps beside traces, in files of theirs: bookmarks by the trace's id, filters by name. A trace itself is never written to: it
// may be read-only, or a recording that others compare with. Rule: a file that cannot be read as one is never written over.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { xdgFolder } from '../base/xdg.ts';
import type { NamedFilters } from './named-filters.ts';

/** Bookmarked events by their numbers, each with its note; '' is none. */
export type Marks = ReadonlyMap<number, string>;

/** @source XDG Base Directory Specification, XDG_STATE_HOME, XDG_CONFIG_HOME */
const files = (env: NodeJS.ProcessEnv) => ({
  marks: join(xdgFolder('XDG_STATE_HOME', env), 'bookmarks.json'),
  filters: join(xdgFolder('XDG_CONFIG_HOME', env), 'filters.json'),
});

type Texts = Record<string, string>;

export class Kept {
  readonly #files: ReturnType<typeof files>;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#files = files(env);
  }

  /** @throws LabError dataLoss */
  marksOf(trace: string): Marks {
    const marks = Object.entries(this.#marks()[trace] ?? {}).map(([seq, note]): [number, string] => [
      Number(seq),
      note,
    ]);
    return new Map(marks.filter(([seq]) => Number.isSafeInteger(seq)).sort(([a], [b]) => a - b));
  }

  /** Those of the other traces stay. */
  saveMarks(trace: string, marks: Marks): void {
    const { [trace]: _before, ...others } = this.#marks();
    const own = Object.fromEntries(marks);
    write(this.#files.marks, marks.size === 0 ? others : { ...others, [trace]: own });
  }

  /** @throws LabError dataLoss */
  filters(): NamedFilters {
    return read(this.#files.filters, isTexts) ?? {};
  }

  saveFilter(name: string, expression: string): void {
    write(this.#files.filters, { ...this.filters(), [name]: expression });
  }

  /** Whether there was one. */
  removeFilter(name: string): boolean {
    const { [name]: gone, ...others } = this.filters();
    if (gone !== undefined) write(this.#files.filters, others);
    return gone !== undefined;
  }

  #marks(): Record<string, Texts> {
    return read(this.#files.marks, isTextsByName) ?? {};
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is Texts =>
  isObject(value) && Object.values(value).every((one) => typeof one === 'string');
const isTextsByName = (value: unknown): value is Record<string, Texts> =>
  isObject(value) && Object.values(value).every(isTexts);

function read<Value>(file: string, isOne: (value: unknown) => value is Value): Value | undefined {
  if (!existsSync(file)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LabError('dataLoss', `${file}: cannot be read as JSON`, {
      cause: error,
      hint: `mv ${file} ${file}.kept`,
    });
  }
  if (isOne(value)) return value;
  throw new LabError('dataLoss', `${file}: expected texts by name`, { hint: `mv ${file} ${file}.kept` });
}

/** A kill in the middle leaves the old one. */
function write(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
