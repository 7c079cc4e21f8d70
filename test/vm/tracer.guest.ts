// The tracer on the stock kernel of Debian 12: it can be loaded there, and what it sees is what test/integration asks of it. The tests
// are those of the host; here they may not be left out. Runs inside the machine of run.ts, as root.
import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test } from 'node:test';
import '../integration/tracer-completeness.test.ts';
import '../integration/tracer-traps.test.ts';
import { ebpf } from '../helpers/tracer.ts';

test('this kernel is the older one, and lets the tracer be loaded', () => {
  assert.match(release(), /^6\.1\./);
  assert.equal(ebpf().skip, false);
});
