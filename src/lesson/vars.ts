// The values of a lesson's variables in one attempt: made from its seed, so that they stay when the learner comes back, and two
// learners beside each other have different ones. `{{name}}` in texts, commands and checks stands for them.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import type { Variable } from './format/schema.ts';

export type Values = Readonly<Record<string, string>>;

/** An endless row of numbers of 32 bits: the same for the same seed, on every machine. */
export function* numbersOf(seed: string): Generator<number, never> {
  for (let block = 0; ; block++) {
    const digest = createHash('sha256').update(`${seed}/${block}`).digest();
    for (let at = 0; at < digest.length; at += 4) yield digest.readUInt32BE(at);
  }
}

/** A whole number from 0 up to, not including, `below`. */
export const below = (numbers: Generator<number, never>, limit: number): number => numbers.next().value % limit;

/** The items in another order, the same for the same numbers. */
export function shuffled<Item>(items: readonly Item[], numbers: Generator<number, never>): Item[] {
  const left = [...items];
  return items.map(() => left.splice(below(numbers, left.length), 1)[0] as Item);
}

/** Without letters and digits that look alike. */
const tokenLetters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** What every lesson has without saying so: `work`, a folder of the attempt's own, which its teardown takes away; where this engine keeps its things. */
export const givenNames = ['work', 'run-root', 'data-root'] as const;

export function valuesOf(lesson: { id: string; vars: Readonly<Record<string, Variable>> }, seed: string): Values {
  const made = (name: string, variable: Variable): string => oneValue(variable, numbersOf(`${seed}/${name}`));
  const own = Object.entries(lesson.vars).map(([name, variable]) => [name, made(name, variable)]);
  return {
    ...Object.fromEntries(own),
    work: join(paths.lessons, `${lesson.id}-${made('work', { token: 4 })}`),
    'run-root': paths.runRoot,
    'data-root': paths.dataRoot,
  };
}

function oneValue(variable: Variable, numbers: Generator<number, never>): string {
  if (typeof variable !== 'object') return String(variable);
  if ('pick' in variable) return String(variable.pick[below(numbers, variable.pick.length)]);
  if ('range' in variable) {
    const [least, most] = variable.range;
    return String(least + below(numbers, most - least + 1));
  }
  return Array.from({ length: variable.token }, () => tokenLetters[below(numbers, tokenLetters.length)]).join('');
}

const placeForm = /\{\{\s*([a-z][a-z0-9-]*)\s*\}\}/g;

/** Names in a text that stand for variables. */
export const namesIn = (text: string): string[] => [...text.matchAll(placeForm)].map((match) => match[1] ?? '');

/** The text with its variables put in. @throws LabError invalidArgument for a name without a value */
export function fill(text: string, values: Values): string {
  return text.replace(placeForm, (_, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const known = Object.keys(values).join(', ') || 'none';
    throw new LabError('invalidArgument', `{{${name}}}: no such variable, the lesson has ${known}`);
  });
}

/** Every text in a value, keys of objects too: a check with its variables put in. */
export function fillAll<Value>(value: Value, values: Values): Value {
  if (typeof value === 'string') return fill(value, values) as Value;
  if (Array.isArray(value)) return value.map((one) => fillAll(one, values)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [fill(key, values), fillAll(one, values)]);
  return Object.fromEntries(entries) as Value;
}
