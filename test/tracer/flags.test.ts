// Every table of names against the headers that it names: the compiler says whether each constant has the value that the table says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { type NameSet, showFlags, showName } from '../../src/tracer/flags/names.ts';

const folder = mkdtempSync('/var/tmp/tlab-flags-test-');
after(() => rmSync(folder, { recursive: true }));

const isNameSet = (value: unknown): value is NameSet =>
  typeof value === 'object' && value !== null && 'source' in value && 'values' in value && 'prefix' in value;

interface Table {
  name: string;
  set: NameSet;
}

async function tables(): Promise<Table[]> {
  const found: Table[] = [];
  for (const file of globSync('src/tracer/flags/*.ts').sort()) {
    const module: Record<string, unknown> = await import(new URL(`../../${file}`, import.meta.url).pathname);
    for (const [name, set] of Object.entries(module)) if (isNameSet(set)) found.push({ name: `${file} ${name}`, set });
  }
  return found;
}

const headersOf = (set: NameSet): string[] => set.source.replace(/^(uapi|glibc) /, '').split(', ');

/** Constants of one processor only. */
const onlyX64 = ['asm/prctl.h', 'asm/ptrace-abi.h'];
const isCheckable = (headers: readonly string[]): boolean =>
  process.arch === 'x64' || !headers.some((header) => onlyX64.includes(header));

/** A name in a header that all have, which only the one of x86-64 fills: without it no map is bound to the first 2 GB. */
const namesOnlyX64: ReadonlySet<string> = new Set(['MAP_32BIT']);

/** Names of the C library for what the kernel's own headers call otherwise, or do not have yet. */
const additions = ['#define O_ASYNC FASYNC'];

/** The names whose value is another, or that the headers do not have. */
function wrongNames(headers: readonly string[], sets: readonly Table[]): string[] {
  const includes = [...['stddef.h', ...headers, 'linux/ioctl.h'].map((header) => `#include <${header}>`), ...additions];
  const names = sets
    .flatMap(({ set }) => Object.entries(set.values))
    .filter(([name]) => process.arch === 'x64' || !namesOnlyX64.has(name));
  // A 32-bit number may be written with its sign or without.
  const checks = names.map(
    ([name, value]) => `_Static_assert((long long)(${name}) == ${value}ll || (unsigned)(${name}) == ${value}ll, "");`,
  );
  const path = `${folder}/check.c`;
  writeFileSync(path, [...includes, ...checks, ''].join('\n'));
  const { stderr, status } = spawnSync('gcc', ['-D_GNU_SOURCE', '-w', '-fsyntax-only', path], { encoding: 'utf8' });
  if (status === 0) return [];
  const lines = new Set([...stderr.matchAll(/check\.c:(\d+):/g)].map((match) => Number(match[1])));
  const wrong = [...lines].map((line) => names[line - includes.length - 1]?.[0] ?? `${headers} line ${line}`);
  return wrong.length > 0 ? wrong : [stderr];
}

test('every constant has the value that its header says', async () => {
  const byHeaders = new Map<string, Table[]>();
  for (const table of await tables()) {
    // Headers inside of the kernel are not installed.
    if (table.set.source.startsWith('linux ')) continue;
    const key = headersOf(table.set).join(', ');
    byHeaders.set(key, [...(byHeaders.get(key) ?? []), table]);
  }
  assert.ok(byHeaders.size > 40, 'tables are found');
  const wrong: Record<string, string[]> = {};
  for (const [key, sets] of byHeaders) {
    const headers = key.split(', ');
    if (!isCheckable(headers)) continue;
    const names = wrongNames(headers, sets);
    if (names.length > 0) wrong[sets.map(({ name }) => name).join(', ')] = names;
  }
  assert.deepEqual(wrong, {});
});

test('a constant that the table says wrong is found', () => {
  const set: NameSet = {
    prefix: 'MS_',
    source: 'uapi linux/mount.h',
    values: { MS_RDONLY: 2, MS_NOSUID: 2, MS_NONE: 1 },
  };
  assert.deepEqual(wrongNames(['linux/mount.h'], [{ name: 'test', set }]).sort(), ['MS_NONE', 'MS_RDONLY']);
});

test('what younger kernels have says where it stands, and takes no name or value of the others', async () => {
  for (const { name, set } of await tables()) {
    for (const [source, values] of Object.entries(set.newer ?? {})) {
      assert.match(source, /\.h( of (Linux 6\.\d+|the kernel))?$|^\d\.\d+$|as strace names them/, `${name}: ${source}`);
      for (const [constant, value] of Object.entries(values)) {
        assert.ok(!(constant in set.values), `${name}: ${constant} twice`);
        const others = Object.entries(set.values).filter(([, other]) => other === value);
        assert.deepEqual(others, [], `${name}: ${constant}`);
      }
    }
  }
});

const set: NameSet = {
  prefix: 'X_',
  source: 'uapi linux/mount.h',
  values: { X_BOTH: 6, X_ONE: 1, X_TWO: 2, X_FOUR: 4 },
};

test('flags read as names, unions first, the rest as a number', () => {
  assert.equal(showFlags(0n, set), '0');
  assert.equal(showFlags(5n, set), 'X_ONE|X_FOUR');
  assert.equal(showFlags(7n, set), 'X_BOTH|X_ONE');
  assert.equal(showFlags(0x13n, set), 'X_ONE|X_TWO|0x10');
  assert.equal(showFlags(0x30n, set), '0x30 /* X_??? */');
});

test('a value without a name is a number with a mark', () => {
  assert.equal(showName(4n, set), 'X_FOUR');
  assert.equal(showName(9n, set), '0x9 /* X_??? */');
  assert.equal(showName(0n, set), '0 /* X_??? */');
});
