// The list of a host's traces, over a folder of its own.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

const folder = mkdtempSync(`${tmpdir()}/tlab-traces-`);
process.env.TLAB_TRACES = folder; // read once, when base/paths.ts is loaded
const { listTraces, openTrace } = await import('../../src/engine/traces.ts');
after(() => rmSync(folder, { recursive: true }));

test('a trace whose first lines were cut short does not hide the others', () => {
  const id = openTrace(['tlab', 'trace', 'run', 'busybox']);
  mkdirSync(`${folder}/${'0'.repeat(32)}`);
  writeFileSync(`${folder}/${'0'.repeat(32)}/trace.json`, '{"schema":"tl');
  assert.deepEqual(
    listTraces().map((trace) => trace.id),
    [id],
  );
});
