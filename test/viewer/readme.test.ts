// What the README shows of the recorded trace is what the commands there print: each line, in that order; `…` stands for lines left out.
// After a new recording: run the commands, and write the new numbers into the README.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].map(
  ([, text]) => text ?? '',
);
const examples = blocks
  .flatMap((block) => block.split(/^\$ /m))
  .map((text) => text.trimEnd().split('\n'))
  .filter(([command]) => command?.includes('traces/'));

test('the README has examples of a recorded trace', () => {
  assert.ok(examples.length >= 4);
});

for (const [command = '', ...expected] of examples) {
  test(`README: ${command}`, () => {
    const script = `tlab() { "$NODE" src/main.ts "$@"; }\n${command}`;
    const env = { ...process.env, NODE: process.execPath, COLUMNS: '80' };
    const printed = execFileSync('sh', ['-c', script], { env, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
    let at = 0;
    for (const line of expected) {
      if (line === '…' || line === '') continue;
      const found = printed.indexOf(line, at);
      assert.ok(found >= 0, `"${line}" is not in what it prints:\n${printed.slice(0, 30).join('\n')}`);
      at = found + 1;
    }
  });
}
