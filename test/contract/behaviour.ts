// A behaviour: a statement about a container, how it is observed, and what is then seen. A suite is a function over a place, so the
// same observation and the same expectation hold for every runtime; only a row of differences.ts may give a runtime another one.
import assert from 'node:assert/strict';
import { type Container, Refusal } from './container.ts';
import type { Difference } from './difference.ts';
import { differences } from './differences.ts';
import type { ContainerOptions, Document, Place } from './place.ts';
import type { RuntimeName } from './runtimes.ts';

/** A pattern that the observed text matches, or the observed value itself. */
export type Expected = RegExp | string | number | boolean | readonly unknown[] | { readonly [key: string]: unknown };

export interface Behaviour {
  /** Present tense, unique in the contract: differences refer to it. */
  title: string;
  observe: () => Promise<unknown>;
  expected: Expected;
}

export type Suite = (place: Place) => Behaviour[];

export const differenceOf = (title: string, runtime: RuntimeName): Difference | undefined =>
  differences.find((row) => row.behaviour === title && row.runtimes.includes(runtime));

/** Throws unless this runtime does what the contract says, or what its difference says. */
export async function check({ title, observe, expected }: Behaviour, runtime: RuntimeName): Promise<void> {
  const difference = differenceOf(title, runtime);
  const observed = await observe().catch((error: unknown) => {
    if (error instanceof Refusal) return error.message;
    throw error;
  });
  compare(observed, difference?.instead ?? expected);
  if (difference !== undefined) assert.throws(() => compare(observed, expected), 'the difference is no longer one');
}

function compare(observed: unknown, expected: Expected): void {
  const seen = typeof observed === 'string' ? observed.trim() : observed;
  if (expected instanceof RegExp) assert.match(typeof seen === 'string' ? seen : JSON.stringify(seen), expected);
  else assert.deepEqual(seen, expected);
}

/** [statement, shell script in the container, what it prints] */
export type Reading = readonly [title: string, script: string, expected: Expected];

/** Behaviours that one run of one container shows: a section of its output each. */
export function readings(place: Place, options: ContainerOptions, rows: readonly Reading[]): Behaviour[] {
  const sections = once(() => runSections(place, options, rows));
  return rows.map(([title, , expected], index) => ({
    title,
    expected,
    observe: async () => (await sections())[index],
  }));
}

const mark = '@@@';

async function runSections(place: Place, options: ContainerOptions, rows: readonly Reading[]): Promise<string[]> {
  const script = rows.map(([, command]) => `echo '${mark}'\n( ${command}\n) 2>&1\n`).join('');
  await using container = place.container(['sh', '-c', script], options);
  const ran = await container.run();
  const sections = ran.stdout.split(`${mark}\n`).slice(1);
  if (sections.length !== rows.length) throw new Refusal(ran);
  return sections;
}

/** An observation of a container of its own, which is removed afterwards. */
export const on =
  (
    place: Place,
    args: readonly string[],
    options: ContainerOptions,
    observe: (container: Container) => Promise<unknown>,
  ): (() => Promise<unknown>) =>
  async () => {
    await using container = place.container(args, options);
    return await observe(container);
  };

/** The first call's promise for every call. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What is to be seen of a create that must fail: that it names what is wrong, and that it leaves nothing. */
export const refusedWhole = { isRefused: true, isNamed: true, left: [] };

export async function refusalOf(container: Container, words: RegExp): Promise<unknown> {
  const { status, stderr } = await container.create();
  const seen = { isRefused: status !== 0, isNamed: words.test(stderr) || stderr.trim(), left: container.left() };
  if (seen.isRefused) container.clear();
  return seen;
}

/** [statement, change of config.json, words of the refusal] */
export type Refused = readonly [title: string, edit: (config: Document) => void, words: RegExp];

/** Documents that create refuses whole. */
export const refusals = (place: Place, rows: readonly Refused[], options: ContainerOptions = {}): Behaviour[] =>
  rows.map(([title, edit, words]) => ({
    title,
    observe: on(place, ['true'], { ...options, edit }, (container) => refusalOf(container, words)),
    expected: refusedWhole,
  }));
