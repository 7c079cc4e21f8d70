// That the tracer misses nothing of a whole engine: its start, one `tlab run` and its end, under strace and the tracer at once.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ebpf, TracerPlace } from '../helpers/tracer.ts';
import { seeEngineTwice } from '../helpers/whole-engine.ts';

const place = new TracerPlace();
after(() => place.remove());

test('a whole engine: started, one `tlab run`, stopped', ebpf(), async () => {
  const calls = await seeEngineTwice(place);
  assert.ok(calls > 20_000, `${calls}`);
});
