// The import table of src/: which folder may import which. Calls go down the pipeline; nothing imports upward; no cycles.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const leaves = ['base', 'oci', 'trace'];

/** A folder, and what it may import besides itself. An entry with a slash is one file or sub-folder. */
const table: Record<string, string[]> = {
  base: [],
  oci: ['base'],
  trace: ['base'],
  dockerfile: ['base'],
  layers: ['base', 'oci'],
  kernel: [...leaves],
  library: [...leaves],
  registry: [...leaves],
  runc: [...leaves],
  shim: [...leaves],
  containerd: [...leaves, 'kernel', 'shim', 'registry', 'runc'],
  // The messages of containerd's door are shared with the shim's, as in containerd itself: Status, Mount, the runtime's options.
  // registry: as Docker's, the daemon itself asks registries about logins and manifests; containerd has no service for that.
  daemon: [...leaves, 'kernel', 'dockerfile', 'registry', 'containerd/client.ts', 'containerd/proto', 'shim/proto'],
  tracer: [...leaves],
  explain: [...leaves],
  diagram: [...leaves, 'viewer'],
  viewer: [...leaves, 'explain'],
  // engine/processes.ts finds the engine's own processes in /proc and imports leaves only: a check may ask whether one is alive.
  // containerd/client.ts: lessons about containerd are checked over its own API, with the daemon stopped.
  lesson: [
    ...leaves,
    'kernel',
    'dockerfile',
    'daemon/client.ts',
    'daemon/protocol.ts',
    'daemon/image-protocol.ts',
    'containerd/client.ts',
    'engine/processes.ts',
    'explain',
    'viewer',
  ],
  // library, registry: their commands make images, keep logins and serve a registry without a daemon, and so without a door.
  cli: [
    ...leaves,
    'daemon/client.ts',
    'daemon/protocol.ts',
    'daemon/image-protocol.ts',
    'viewer',
    'diagram',
    'explain',
    'lesson',
    'dockerfile',
    'layers',
    'library',
    'registry',
    'engine',
  ],
  engine: ['*'],
};

/** Exceptions, each with its reason. The aim is an empty list. */
const debt: Array<{ from: string; to: string; reason: string }> = [];

const importForm = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g;

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(importForm)]
    .map((match) => normalize(join(dirname(file), match[1] ?? match[2] ?? '')))
    .filter((path) => path.startsWith('src/'));
}

const files = globSync('src/**/*.ts').filter((file) => file.split('/').length > 2);

function isAllowed(from: string, to: string): boolean {
  const folder = from.split('/')[1] ?? '';
  const target = to.slice('src/'.length);
  if (target.startsWith(`${folder}/`)) return true;
  if (folder === 'diagram' && to.endsWith('.machine.ts')) return true;
  if (debt.some((row) => row.from === from && row.to === to)) return true;
  return (table[folder] ?? []).some(
    (allowed) => allowed === '*' || target === allowed || target.startsWith(`${allowed}/`),
  );
}

test('every folder of src is in the import table', () => {
  const unknown = new Set(files.map((file) => file.split('/')[1] ?? '').filter((folder) => !(folder in table)));
  assert.deepEqual([...unknown], []);
});

test('nothing imports what the table does not allow', () => {
  const broken = files.flatMap((from) =>
    importsOf(from)
      .filter((to) => !isAllowed(from, to))
      .map((to) => `${from} → ${to}`),
  );
  assert.deepEqual(broken, []);
});

test('every permission in the table is used', () => {
  const imported = new Set(
    files.flatMap((from) => importsOf(from).map((to) => `${from.split('/')[1]} ${to.slice(4)}`)),
  );
  const isUsed = (folder: string, allowed: string): boolean =>
    [...imported].some((pair) => pair === `${folder} ${allowed}` || pair.startsWith(`${folder} ${allowed}/`));
  const unused = Object.entries(table).flatMap(([folder, allowed]) =>
    allowed
      .filter((entry) => entry !== '*' && !leaves.includes(entry) && !isUsed(folder, entry))
      .map((entry) => `${folder} → ${entry}`),
  );
  assert.deepEqual(unused, []);
});

test('there are no import cycles', () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  function visit(file: string, path: string[]): void {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  }
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test('every exception in the debt list still exists', () => {
  const stale = debt.filter((row) => !importsOf(row.from).includes(row.to));
  assert.deepEqual(stale, []);
});

test('files stay within 400 lines, row tables and generated code apart', () => {
  const exempt = /\/gen\/|\/rows\/|\/tracer\/flags\/|operations\.ts$|\/seccomp\/.*profile/;
  const long = files
    .filter((file) => !exempt.test(file))
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 401);
  assert.deepEqual(long, []);
});

test('every file of a stage opens with a comment that says what it is', () => {
  const bare = files.filter((file) => !/\/gen\//.test(file) && !readFileSync(file, 'utf8').startsWith('//'));
  assert.deepEqual(bare, []);
});
