// `tlab why` on its command line: numbers, flags however they are spelt, and what it refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { run } from '../helpers/shell.ts';

const program = new URL('../../src/main.ts', import.meta.url).pathname;
const recorded = new URL('../../traces/run-nginx.jsonl', import.meta.url).pathname;
const tlab = (...args: string[]) =>
  run(process.execPath, [program, ...args], { env: { NO_COLOR: '1', COLUMNS: '80' } });
const why = (...args: string[]) => tlab('why', '--trace', recorded, ...args);

test('an event of a recorded trace is explained', async () => {
  const line = readFileSync(recorded, 'utf8')
    .split('\n')
    .find((text) => text.includes('"cli.request-sent"'));
  const { seq } = JSON.parse(line ?? '{}') as { seq: number };
  const { status, stdout } = await why(String(seq));
  assert.equal(status, 0);
  assert.match(stdout, /^event \d+ {2}cli\.request-sent/);
  assert.match(stdout, /\ndoes {5}The CLI asks the daemon/);
});

for (const spelt of ['--publish', 'publish', '-p', 'p', '--publish=8080:80']) {
  test(`--flag ${spelt} is --publish`, async () => {
    const { status, stdout } = await why('--flag', spelt);
    assert.equal(status, 0);
    assert.match(stdout, /^--publish /);
    assert.match(stdout, /DNAT\n +--to-destination 172/);
  });
}

test('an unknown flag is refused with those that there are', async () => {
  const { status, stderr } = await why('--flag', '--publsh');
  assert.equal(status, 2);
  assert.match(stderr, /--flag "--publsh": expected a flag of run: --add-host, .*--workdir/);
});

for (const bad of ['0', 'x', '-1', '999999', '1e3', '99999999999999999999']) {
  test(`"${bad}" is no event`, async () => {
    const { status, stderr } = await why('--', bad);
    assert.equal(status, 2);
    assert.match(stderr, /expected an event from 1 to \d+/);
  });
}

test('neither a number nor a flag, or both, is refused', async () => {
  for (const args of [[], ['2', '--flag', '-p']]) {
    const { status, stderr } = await why(...args);
    assert.equal(status, 2);
    assert.match(stderr, /expected the number of an event, or --flag/);
  }
});

test('every view of a trace that is not complete says so', async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/tlab-gaps-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const [head = '', ...lines] = readFileSync(recorded, 'utf8').split('\n');
  const header = JSON.parse(head) as Record<string, unknown>;
  const cut = 'the last system calls: the tracer was ended before its time; level 3 is not complete';
  const file = `${folder}/gaps.jsonl`;
  writeFileSync(file, [JSON.stringify({ ...header, lost: 7, blind: [cut] }), ...lines].join('\n'));
  const views = [
    ['why', '--trace', file, '2'],
    ['why', '--trace', file, '--flag', '-p'],
    ['trace', 'show', file],
    ['trace', 'show', '--why', '2', file],
    ['trace', 'show', '--level', '2', file],
    ['trace', 'show', '--json', '--limit', '1', file],
    ['trace', 'diff', recorded, file],
    ['trace', 'diff', '--json', file, recorded],
    ['trace', 'export', file],
  ];
  for (const view of views) {
    const { stdout, stderr } = await tlab(...view);
    const text = (stdout + stderr).replace(/\s+/g, ' ');
    assert.match(text, /LOST: 7 records|"lost":7/, view.join(' '));
    assert.match(text, /the tracer was ended before its time/, view.join(' '));
  }
});
