// Prints the contract: behaviours by topic, and the table of differences, which --write puts into README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Suite } from './behaviour.ts';
import { differences } from './differences.ts';
import { Place } from './place.ts';
import { runtimeNames } from './runtimes.ts';
import { suites } from './suites.ts';

/** A suite is asked for its titles with a place that is never opened. */
const titlesOf = (suite: Suite): string[] => suite(new Place('tlab')).map(({ title }) => title);

export const titles = (all: Readonly<Record<string, Suite>>): string[] => Object.values(all).flatMap(titlesOf);

export const tableOfDifferences = (): string =>
  [
    '| behaviour | not with | why |',
    '|---|---|---|',
    ...differences.map(({ behaviour, runtimes, reason }) => `| ${behaviour} | ${runtimes.join(', ')} | ${reason} |`),
  ].join('\n');

function print(): void {
  for (const [topic, suite] of Object.entries(suites)) console.log(`${topic}: ${titlesOf(suite).length} behaviours`);
  const count = titles(suites).length;
  const differing = runtimeNames.map(
    (name) => `${name} ${differences.filter(({ runtimes }) => runtimes.includes(name)).length}`,
  );
  console.log(`all: ${count} behaviours; differing: ${differing.join(', ')}\n\n${tableOfDifferences()}`);
}

function write(): void {
  const file = new URL('README.md', import.meta.url);
  const [before = '', after = ''] = readFileSync(file, 'utf8').split(/\| behaviour \|[\s\S]*?\n(?=\n)/);
  writeFileSync(file, `${before}${tableOfDifferences()}\n${after}`);
}

if (import.meta.main) {
  if (process.argv.includes('--write')) write();
  print();
}
