// A command that sends an archive, as the first one after a start of the host: nobody answers yet, and the archive can be read once only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

let engine: TestEngine;
const needs = root();
before(async () => {
  if (needs.skip === false) engine = await startEngine();
});
after(() => engine?.stop());

test('an image is loaded, and one is imported, by a daemon that the command itself starts', needs, async () => {
  const archive = `${engine.root}/archive.tar`;
  await engine.must('pull', '-q', 'busybox');
  await engine.must('save', '-o', archive, 'busybox');
  for (const [args, said] of [
    [['load', '-i', archive], /^Loaded image: busybox/],
    [['import', archive, 'imported'], /^sha256:[0-9a-f]{64}$/],
  ] as const) {
    await engine.must('system', 'stop');
    const { status, stdout, stderr } = await engine.tlab(args, { timeoutMs: 60_000 });
    assert.equal(status, 0, stderr);
    assert.match(stdout.trim(), said);
  }
});
