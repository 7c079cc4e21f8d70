// What a learner does at a real terminal: several questions in a row in the same process, typed and chosen, and Ctrl-C wherever it is pressed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';
import { closeTerminals, openTerminal, type Terminal } from '../helpers/terminal.ts';
import { waitUntil } from '../helpers/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
const places = { TLAB_RUN_ROOT: join(folder, 'run'), TLAB_DATA_ROOT: join(folder, 'data') };
after(async () => {
  closeTerminals();
  // Looking at a step starts an engine.
  if (process.getuid?.() === 0) await must(tlabProgram, ['system', 'reset', '--yes'], { env: places });
  rmSync(folder, { recursive: true });
});

const tlab = (line: string, name: string): Terminal =>
  openTerminal(`${tlabProgram} ${line}; echo status $?`, {
    env: {
      ...places,
      NO_COLOR: '1',
      ...{ XDG_CONFIG_HOME: join(folder, 'config'), TLAB_PROGRESS: join(folder, `${name}.jsonl`) },
    },
  });

test('an interview goes from question to question on a terminal, and Ctrl-C ends it in its report', async () => {
  const terminal = tlab('interview stack --seed x', 'interview');
  await waitUntil(() => terminal.output().includes('> '), { what: 'the first question' });
  await terminal.type('I do not know\n\n', 'Which of them did you say?');
  await terminal.type('0\n', 'Follow-up:');
  await terminal.type('\n', 'Question 2 of');
  // Typed ahead: the answer to what is asked only after the next one.
  await terminal.type('nothing\n\n0\n\n', 'Question 3 of');
  terminal.child.stdin?.write('\x03');
  await terminal.ended;
  assert.match(terminal.output(), /Report of a stopped interview\r\n2 of \d+ questions/);
  assert.match(terminal.output(), /status 5\s/s);
});

test('a quiz takes keys and lines in turn', async () => {
  const terminal = tlab('quiz STK-6 -n 4 --seed a', 'quiz');
  await waitUntil(() => terminal.output().includes('q: stop'), { what: 'the first question' });
  for (const number of [2, 3, 4]) {
    const from = terminal.output().length;
    terminal.child.stdin?.write('s');
    // Where an answer is written, the key is a line.
    const isWritten = !/arrow keys/.test(terminal.output().slice(terminal.output().lastIndexOf('Question')));
    if (isWritten) terminal.child.stdin?.write('\n');
    const next = (): string => terminal.output().slice(from);
    await waitUntil(() => new RegExp(`ANSWER.*Question ${number} of 4.*q: stop`, 's').test(next()), {
      what: `question ${number}`,
    });
  }
  terminal.child.stdin?.write('\x03');
  await terminal.ended;
  assert.match(terminal.output(), /0 of 3 right\..*status 5\s/s);
});

test('choices that are longer than the terminal are not drawn again: their number is typed', async () => {
  const rich = new URL('../../src/cli/prompt/rich.ts', import.meta.url).pathname;
  const ask = (length: number): string =>
    `ask({ id: 'x', asks: ['Which?'], choices: ['${'a '.repeat(length)}', 'b'], form: 'one', how: 'a number' })`;
  const line = `${process.execPath} -e "import('${rich}').then(async ({ RichPrompter }) => {
    const prompter = new RichPrompter();
    for (const { text } of [await prompter.${ask(300)}, await prompter.${ask(3)}]) console.log('answer', text);
    prompter.close();
  })"`;
  const terminal = openTerminal(line, { rows: 12, columns: 40 });
  await waitUntil(() => terminal.output().includes('a number'), { what: 'the first question' });
  assert.doesNotMatch(terminal.output(), /arrow keys/);
  await terminal.type('2\n', 'arrow keys');
  terminal.child.stdin?.write('1');
  await terminal.ended;
  assert.match(terminal.output(), /answer 2\r\nanswer 1/);
});

test('a step that is left in another terminal is watched no more', root(), async () => {
  const watched = 'Ctrl-C ends the looking.';
  for (const [line, words] of [
    ['reset one-run', /Begun anew in another terminal\. Go on: tlab learn/],
    ['skip', /Skipped in another terminal\. Go on: tlab learn/],
  ] as const) {
    const terminal = tlab('learn one-run', 'elsewhere');
    await waitUntil(() => terminal.output().includes(watched), { what: 'the looking' });
    const other = tlab(line, 'elsewhere');
    await other.ended;
    await terminal.ended;
    assert.match(terminal.output(), words, line);
    assert.match(terminal.output(), /status 0\s/);
  }
});

test('Ctrl-C while a check waits for the engine ends it with 5, and says that nothing is lost', root(), async () => {
  const socket = join(folder, 'silent.sock');
  const silent = createServer().listen(socket);
  after(() => silent.close());
  for (const line of ['check one-run', 'next one-run']) {
    const asked = once(silent, 'connection');
    const terminal = tlab(`--host unix://${socket} ${line}`, 'stop');
    await asked;
    terminal.child.stdin?.write('\x03');
    await terminal.ended;
    assert.match(terminal.output(), /Stopped\. Nothing is lost; the same command goes on\.\r\nstatus 5\s/, line);
  }
});
