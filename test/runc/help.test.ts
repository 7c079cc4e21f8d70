// Help of tlab-runc: every option that a verb takes is in its help, and nothing else is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { globalHelp, helpOf, verbHelp } from '../../src/runc/help.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The names of one help row, without dashes. */
const namesOf = (names: string): string[] => names.split(', ').map((name) => /^--?([^ ]+)/.exec(name)?.[1] ?? '');
const helped = (rows: readonly (readonly [string, string])[]): string[] =>
  rows.flatMap(([names]) => namesOf(names)).sort();

/** The rows of native/runc/options.c: [verbs, name]. */
const nativeRows = [...read('native/runc/options.c').matchAll(/^\t\{ (?:"([^"]*)"|NULL), "([^"]+)", /gm)].map(
  ([, verbs, name = '']) => ({ verbs: verbs?.split(' ').filter(Boolean), name }),
);
const nativeOf = (verb: string): string[] =>
  nativeRows.filter(({ verbs }) => verbs?.includes(verb)).map(({ name }) => name);

test('the help of a native verb has the options of the native table', () => {
  for (const verb of ['create', 'start', 'run', 'state', 'kill', 'delete', 'pause', 'resume'])
    assert.deepEqual(helped(verbHelp[verb]?.options ?? []), nativeOf(verb).sort(), verb);
  const inHelp = helped(verbHelp.exec?.options ?? []);
  for (const name of nativeOf('exec')) assert.ok(inHelp.includes(name), `exec --${name}`);
});

test('the help of the program has the global options of the native table, and those that only slow verbs read', () => {
  const native = nativeRows.filter(({ verbs }) => verbs === undefined || verbs.length === 0).map(({ name }) => name);
  assert.deepEqual(helped(globalHelp), [...native, 'criu'].sort());
});

test('the help of a slow verb has the options that its file declares', () => {
  for (const verb of ['exec', 'list', 'events', 'update', 'spec', 'compile', 'plan', 'ps']) {
    const source = read(`src/runc/verbs/${verb}.ts`);
    const inHelp = helped(verbHelp[verb]?.options ?? []);
    const ownWords = new Set(source.match(/[a-z][a-z0-9-]*/g));
    for (const name of inHelp) assert.ok(ownWords.has(name) || nativeOf(verb).includes(name), `${verb} --${name}`);
    const declared = source.matchAll(
      /^\s+'?([a-z-]+)'?: (?:\{ type: '(?:string|boolean)'(?:, short: '(.)')?|\['(?:blockIO|cpu|memory|pids)')/gm,
    );
    for (const [, name, short] of declared)
      for (const word of [name, short]) assert.ok(word === undefined || inHelp.includes(word), `${verb} --${word}`);
  }
});

test('a verb that there is not has no help', () => {
  assert.throws(() => helpOf('dance'), { kind: 'usage' });
  assert.throws(() => helpOf('constructor'), { kind: 'usage' });
});

test('no line is wider than a terminal of 100 columns', () => {
  for (const verb of ['', ...Object.keys(verbHelp)])
    for (const line of helpOf(verb).split('\n')) assert.ok(line.length <= 100, `${verb}: ${line}`);
});
