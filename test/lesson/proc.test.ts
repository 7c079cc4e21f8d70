// Facts of what no engine knows: a process by its pid file, a document by its fields.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { factOf } from '../../src/lesson/check/match.ts';
import { fileFacts, pidInFile, processFacts } from '../../src/lesson/check/proc.ts';

const folder = mkdtempSync('/tmp/tlab-proc-');
after(() => rmSync(folder, { recursive: true }));
const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a pid file is its process while there is one, and nothing else is', () => {
  assert.equal(pidInFile(written('pid', `${process.pid}\n`)), process.pid);
  for (const text of ['', '0', '-1', '1 2', 'self', `${2 ** 32}`])
    assert.equal(pidInFile(written('pid', text)), undefined);
  assert.equal(pidInFile(join(folder, 'none')), undefined);
  assert.match(String(processFacts(process.pid).uid_map), /^\d+ \d+ \d+/);
});

test('a JSON document has its fields as facts, a broken one its text alone', () => {
  const whole = fileFacts('/', written('config.json', '{"process": {"args": ["sh"]}, "mounts": [{"type": "proc"}]}'));
  assert.equal(factOf(whole, 'json.mounts.0.type'), 'proc');
  assert.deepEqual(factOf(whole, 'json.process.args'), ['sh']);
  const broken = fileFacts('/', written('broken.json', '{"process": '));
  assert.equal(broken.json, undefined);
  assert.equal(broken.content, '{"process":');
  assert.equal(fileFacts('/', written('plain.txt', '{}')).json, undefined);
});
