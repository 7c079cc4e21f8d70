// That the tracer misses nothing of a whole engine: its start, one `tlab run` and its end, under strace and the tracer at once.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { builtLibrary, tlabProgram } from '../helpers/engine.ts';
import { seeTwice } from '../helpers/observers.ts';
import { ebpf, TracerPlace } from '../helpers/tracer.ts';

const place = new TracerPlace();
after(() => place.remove());

test('a whole engine: started, one `tlab run`, stopped', ebpf(), async () => {
  const folder = `${place.folder}/engine`;
  mkdirSync(`${folder}/data`, { recursive: true });
  cpSync(await builtLibrary(), `${folder}/data/library`, { recursive: true });
  const roots = [`TLAB_RUN_ROOT=${folder}/run`, `TLAB_DATA_ROOT=${folder}/data`, `TLAB_CONFIG=${folder}/daemon.json`];
  const script = `set -e; ip link set lo up; ${tlabProgram} system start; ${tlabProgram} run --rm busybox true
    ${tlabProgram} system stop`;
  const calls = await seeTwice(place, ['env', ...roots, 'unshare', '--net', 'sh', '-c', script]);
  assert.ok(calls > 20_000, `${calls}`);
});
