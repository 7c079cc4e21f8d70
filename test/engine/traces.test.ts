// The list of a host's traces, over a folder of its own.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

const folder = mkdtempSync(`${tmpdir()}/tlab-traces-`);
process.env.TLAB_TRACES = folder; // read once, when base/paths.ts is loaded
const { closeTrace, listTraces, openTrace, removeTrace } = await import('../../src/engine/traces.ts');
after(() => rmSync(folder, { recursive: true }));

test('the list tells of each trace how many calls were recorded and lost, where a tracer ran', () => {
  const counts = { enters: 7, exits: 7, forks: 1, execs: 1, ends: 1, dropped: 2, missed: 1, received: 17 };
  const id = openTrace(['tlab', 'trace', 'run', 'busybox']);
  assert.equal(listTraces()[0]?.calls, undefined);
  closeTrace(id, { status: 0, tracer: { counts } });
  const [closed] = listTraces();
  assert.deepEqual([closed?.calls, closed?.lost], [7, 3]);
  removeTrace(id);
});

test('a trace whose first lines were cut short does not hide the others', () => {
  const id = openTrace(['tlab', 'trace', 'run', 'busybox']);
  mkdirSync(`${folder}/${'0'.repeat(32)}`);
  writeFileSync(`${folder}/${'0'.repeat(32)}/trace.json`, '{"schema":"tl');
  assert.deepEqual(
    listTraces().map((trace) => trace.id),
    [id],
  );
});
