// `tlab trace view` on a real pseudo-terminal (script(1)), and without one: what is drawn, and that the terminal is given back however it ends.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tlabProgram } from '../helpers/engine.ts';
import { run } from '../helpers/shell.ts';
import { closeTerminals, openTerminal, type Terminal } from '../helpers/terminal.ts';
import { waitUntil } from '../helpers/wait.ts';

const trace = 'traces/exec.jsonl';
const entered = '\x1b[?1049h';
const left = '\x1b[?25h\x1b[?1049l';
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
const colour = /\x1b\[3\dm/;

const folder = mkdtempSync(join(tmpdir(), 'view-'));
/** Whoever runs this test may have chosen the plain mode for themselves. */
const ownSettings = { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
after(() => {
  closeTerminals();
  rmSync(folder, { recursive: true });
});

/** The viewer on a terminal of 90 columns; its last line is the status that it ended with. */
async function open(env: Record<string, string> = {}): Promise<Terminal> {
  const terminal = openTerminal(`${tlabProgram} trace view ${trace}; echo status $?; stty -a`, {
    env: { ...ownSettings, ...env },
  });
  await waitUntil(() => terminal.output().includes('h: help'), { what: 'the first screen' });
  return terminal;
}

/** The terminal is what it was: own screen left, cursor shown, line mode and echo back. */
function givenBack(output: string, status: number): void {
  assert.ok(output.includes(entered) && output.includes(left), 'screen');
  const after = output.slice(output.lastIndexOf(left));
  assert.match(after, new RegExp(`status ${status}\\s`));
  assert.match(after, / icanon/);
  assert.match(after, / echo /);
}

test('keys draw screens, in colour, and q gives the terminal back', async () => {
  // Node.js itself takes a terminal with CI in the environment for one without colours.
  const terminal = await open({ NO_COLOR: '', CI: 'true' });
  await terminal.type('++', 'level 2 operations');
  await terminal.type('/mount proc\r', 'match');
  await terminal.type('m', 'mounts of web: 1');
  await terminal.type('\x1b[Bx', 'does');
  assert.match(terminal.output(), colour);
  terminal.child.stdin?.write('q');
  await terminal.ended;
  givenBack(terminal.output(), 0);
});

test('what is copied goes to the terminal (OSC 52) and is printed at the end; a bookmark and a named filter are there the next time', async () => {
  const env = ownSettings;
  const terminal = await open();
  await terminal.type('bhere\r', 'is bookmarked');
  await terminal.type('&@mounts\r', 'filter @mounts');
  await terminal.type('Fmine\r', '@mine from now on');
  await terminal.type('y', 'how to show it');
  terminal.child.stdin?.write('2q');
  await terminal.ended;
  const output = terminal.output();
  const [copied = ''] = output.split('\x1b]52;c;')[1]?.split('\x07') ?? [];
  const text = Buffer.from(copied, 'base64').toString();
  assert.notEqual(text, '');
  assert.ok(output.slice(output.lastIndexOf(left)).includes(text.split('\n')[0] ?? '-'), text);
  const again = await run(tlabProgram, ['trace', 'view', trace], { input: 'B\nfilter @mine\nq\n', env });
  assert.match(again.stdout, /1\. event 1 {2}here/);
  assert.match(again.stdout, /^\d+ events$/m);
  const listed = await run(tlabProgram, ['trace', 'filters', 'mine'], { env });
  assert.equal(listed.stdout, '@mounts\n');
  const shown = await run(tlabProgram, ['trace', 'show', '--filter', '@mine and path=/proc', trace], { env });
  assert.match(shown.stdout, / mount proc proc on \/proc/);
});

test('Ctrl-C and SIGTERM give the terminal back too; NO_COLOR leaves colours out', async () => {
  const one = await open({ NO_COLOR: '1' });
  one.child.stdin?.write('\x03');
  await one.ended;
  givenBack(one.output(), 5);
  assert.doesNotMatch(one.output(), colour);
  const other = await open();
  process.kill(other.program(), 'SIGTERM');
  await other.ended;
  givenBack(other.output(), 5);
});

test('plain mode takes typed commands, moves nothing, and is what a pipe and a dumb terminal get', async () => {
  const input = 'next\nlevel\njump 60\nmounts\nexplain\nsearch pivot_root\nquit\n';
  const piped = await run(tlabProgram, ['trace', 'view', '--level', '2', trace], { input, env: { NO_COLOR: '1' } });
  assert.equal(piped.status, 0, piped.stderr);
  for (const text of [
    'event 2  cli.step-started',
    'level: no such key',
    'mounts after event 60',
    'because',
    '1 match: kernel 1',
  ]) {
    assert.ok(piped.stdout.includes(text), `${text}\n${piped.stdout}`);
  }
  assert.ok(!piped.stdout.includes('\x1b'));
  const dumb = `TERM=dumb ${tlabProgram} trace view ${trace}`;
  const drawn = await run('script', ['-qec', dumb, '/dev/null'], { input: 'q\n' });
  assert.match(drawn.stdout, /plain mode: type a command/);
  assert.ok(!drawn.stdout.includes(entered));
});

test('trace show --state is the same as text, at an event and at the end', async () => {
  const at = await run(tlabProgram, ['trace', 'show', '--state', 'processes', '--at', '285', trace]);
  assert.match(at.stdout, /shim-tlab-v2\n {4}\d+ {2}sleep 300 {2}in web\n/);
  const end = await run(tlabProgram, ['trace', 'show', '--state', 'processes', trace]);
  assert.doesNotMatch(end.stdout, /in web/);
  const since = ['--state', 'mounts', '--since', '2', '--at', '285', trace];
  assert.match((await run(tlabProgram, ['trace', 'show', ...since])).stdout, /^\+ {3}\/\w+/m);
  const wrong = await run(tlabProgram, ['trace', 'show', '--state', 'mounts', '--at', '9999', trace]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--at 9999: this trace has events 1 to \d+/);
});
