// The contract as a whole: how many behaviours, each title once, every difference of a behaviour that is there, README.md current.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { differences } from './differences.ts';
import { suites } from './suites.ts';
import { tableOfDifferences, titles } from './table.ts';

test('there are at least 150 behaviours', () => assert.ok(titles(suites).length >= 150, String(titles(suites).length)));

test('a title names one behaviour', () => {
  const all = titles(suites);
  assert.deepEqual(
    all.filter((title, index) => all.indexOf(title) !== index),
    [],
  );
});

test('every difference is of a behaviour of the contract', () => {
  const all = new Set(titles(suites));
  assert.deepEqual(
    differences.map(({ behaviour }) => behaviour).filter((title) => !all.has(title)),
    [],
  );
});

test('a runtime has at most one difference from a behaviour', () => {
  const pairs = differences.flatMap(({ behaviour, runtimes }) => runtimes.map((name) => `${name}: ${behaviour}`));
  assert.equal(new Set(pairs).size, pairs.length);
});

test('README.md has the table of differences', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  assert.ok(readme.includes(tableOfDifferences()), 'node test/contract/table.ts --write puts it there');
});
