// `tlab trace script`: lines under one trace, and the commands in them that join it. No engine is needed for commands that ask none.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { stepsOf } from '../../src/cli/trace/script.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { run } from '../helpers/shell.ts';

const folder = mkdtempSync('/var/tmp/tlab-script-');
after(() => rmSync(folder, { recursive: true }));

test('comments and empty lines are no steps, and a backslash joins two lines', () => {
  assert.deepEqual(stepsOf('# first\n\n  tlab ps \\\n  -a\ntrue  #  kept\n'), ['tlab ps    -a', 'true  #  kept']);
});

test('every line is run, told with its status and its output, and a tlab in it joins the trace with its own status', async () => {
  const script = `${folder}/some.sh`;
  const lines = ['echo "two  words"; exit 3', `${tlabProgram} trace rm none-such`, `${tlabProgram} -e X=1`, 'true'];
  writeFileSync(script, `${lines.join('\n')}\n`);
  const env = { TLAB_TRACES: `${folder}/traces`, TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` };
  const ran = await run(tlabProgram, ['trace', 'script', '--no-syscalls', script], { env });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /^two {2}words$/m);
  assert.match(ran.stderr, /\$ echo "two {2}words"; exit 3 {2}→ 3: two/);
  const [id] = readdirSync(`${folder}/traces`);
  const exported = `${folder}/some.jsonl`;
  assert.equal((await run(tlabProgram, ['trace', 'export', '-o', exported, String(id)], { env })).status, 0);
  const { events } = await readTraceFile(exported);
  const ended = events.filter(({ type }) => type === 'cli.step-ended').map(({ data }) => data.status);
  assert.deepEqual(ended, [3, 1, 2, 0]);
  const joined = events.filter(
    ({ type, data }) => type === 'cli.command-started' && String(data.command).includes('rm'),
  );
  assert.deepEqual(
    joined.map(({ data, cause }) => [data.command, cause]),
    [[['tlab', 'trace', 'rm', 'none-such'], 'command:trace']],
  );
  const status = events.find(({ type, span }) => type === 'cli.command-ended' && span === joined[0]?.span)?.data.status;
  assert.equal(status, 1);
  assert.deepEqual(orderViolations(events), []);
});

test('a TRACEPARENT of somebody else changes nothing', async () => {
  const env = { TRACEPARENT: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, TLAB_TRACES: `${folder}/none` };
  const ran = await run(tlabProgram, ['trace', 'ls'], { env });
  assert.deepEqual([ran.status, readdirSync(folder).includes('none')], [0, false]);
});

test('a script that cannot be read, or has nothing to run, is refused in words', async () => {
  const missing = await run(tlabProgram, ['trace', 'script', `${folder}/missing.sh`]);
  assert.match(missing.stderr, /reading the script ".*missing\.sh": ENOENT, expected a text file/);
  const empty = await run(tlabProgram, ['trace', 'script', '-'], { input: '# nothing\n' });
  assert.match(empty.stderr, /the script standard input has no line to run/);
});
