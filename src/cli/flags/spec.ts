// What a flag is: one row gives its spelling, its help, how its text is read and (for run and create) where its value
// goes in the request. The parser, the help, the completion and the provenance all read this row and nothing else.
import { LabError } from '../../base/errors.ts';

export interface FlagSpec<T> {
  /** `boolean` takes no value; `list` may be given more than once. */
  arity: 'boolean' | 'value' | 'list';
  short?: string;
  /** The placeholder in the help: `bytes`, `list`, `string`. */
  value?: string;
  says: string;
  /** Other long names that mean the same, not shown. */
  aliases?: readonly string[];
  hidden?: boolean;
  /** The value when the flag is not given. */
  initial: T;
  /** One occurrence's text as a value, given what earlier occurrences made. Throws `Expected` for a bad text. */
  read(text: string, before: T): T;
}

export type FlagTable = Record<string, FlagSpec<unknown>>;
export type FlagValues<Table> = { [Name in keyof Table]: Table[Name] extends FlagSpec<infer T> ? T : never };

/** Thrown by readers: what would have been right. The parser adds the flag and the value seen. */
export class Expected extends Error {}

interface Words {
  short?: string;
  value?: string;
  aliases?: readonly string[];
  hidden?: boolean;
}

/** @source pflag: the spellings that Go's strconv.ParseBool takes */
const booleans: Record<string, boolean> = {
  true: true,
  t: true,
  '1': true,
  TRUE: true,
  True: true,
  false: false,
  f: false,
  '0': false,
  FALSE: false,
  False: false,
};

export function booleanWord(text: string): boolean {
  const value = booleans[text];
  if (value === undefined) throw new Expected('true or false');
  return value;
}

export function boolean(says: string, words: Words & { initial?: boolean } = {}): FlagSpec<boolean> {
  return {
    arity: 'boolean',
    initial: false,
    ...words,
    says,
    read: (given) => booleanWord(given),
  };
}

/** A flag with one value, read by `reader`; undefined when it is not given. */
export function one<T>(says: string, reader: (text: string) => T, words: Words = {}): FlagSpec<T | undefined> {
  return { arity: 'value', value: 'string', ...words, says, initial: undefined, read: (text) => reader(text) };
}

export const text = (says: string, words: Words = {}): FlagSpec<string | undefined> => one(says, (t) => t, words);

/** A flag that may be given many times; every occurrence goes through `reader`. */
export function many<T>(says: string, reader: (text: string) => T, words: Words = {}): FlagSpec<T[]> {
  return {
    arity: 'list',
    value: 'list',
    ...words,
    says,
    initial: [],
    read: (given, before) => [...before, reader(given)],
  };
}

export const list = (says: string, words: Words = {}): FlagSpec<string[]> => many(says, (t) => t, words);

/** A reader that takes only these words. */
export const oneOf =
  <const Word extends string>(...allowed: readonly Word[]) =>
  (given: string): Word => {
    const found = allowed.find((word) => word === given);
    if (found === undefined) throw new Expected(`one of ${allowed.join(', ')}`);
    return found;
  };

/** A flag of Docker's that tlab has not, refused by name with what to do instead; not shown in the help. */
export const refusedFlag = (
  name: string,
  hint: string,
  { arity = 'value' as 'boolean' | 'value' } = {},
): FlagSpec<undefined> => ({
  arity,
  says: '',
  hidden: true,
  initial: undefined,
  read: () => {
    throw new LabError('notImplemented', `--${name}: tlab does not support it`, { hint });
  },
});

export const usageError = (message: string, hint?: string): LabError =>
  new LabError('usage', message, hint === undefined ? {} : { hint });
