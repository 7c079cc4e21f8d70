import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { word, wordsIn } from '../../src/explain/twin/shell.ts';
import { twinScript } from '../../src/explain/twin.ts';
import type { Trace } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';

const recorded = new URL('../../traces/run-nginx.jsonl', import.meta.url).pathname;
const shell = (script: string) => spawnSync('sh', ['-c', script], { encoding: 'utf8' });

describe('words of a twin script', () => {
  const hostile = [
    '',
    ' ',
    "it's",
    '$(touch /x)',
    '`id`',
    '"; rm -rf /;',
    'a\nb',
    '\u001b[2J',
    '*',
    '-n',
    '\\',
    '!',
    '~',
    '#',
  ];

  test('are read back by the shell as they were', () => {
    for (const text of hostile) {
      const { stdout, stderr } = shell(`NEWLINE='\n'\nprintf '[%s]' ${word(text)}`);
      assert.deepEqual([stdout, stderr], [`[${text}]`, ''], JSON.stringify(text));
    }
  });

  test('are read back beside a variable, and whatever the variable holds', () => {
    for (const text of hostile) {
      const quoted = word(`${text}NAME${text}`, [{ pattern: /NAME/u, variable: 'V' }]);
      const { stdout } = shell(`NEWLINE='\n'\nV='a b $x'\nprintf '[%s]' ${quoted}`);
      assert.equal(stdout, `[${text}a b $x${text}]`, JSON.stringify(text));
    }
  });

  test('hold no control character', () => {
    for (const text of hostile) assert.doesNotMatch(word(text), /\p{Cc}/u);
  });

  test('of a command are split as its twin quoted them', () => {
    assert.deepEqual(wordsIn("sysctl -w 'a=0 1' 'it'\\''s'"), ['sysctl', '-w', 'a=0 1', "it's"]);
  });
});

describe('the twin of a recorded trace', () => {
  const script = async (change: (trace: Trace) => void = () => undefined): Promise<string> => {
    const trace = await readTraceFile(recorded);
    change(trace);
    return twinScript(trace).join('\n');
  };

  test('is a script that the shell accepts', async () => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: await script(), encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('names the stage, the event and the cause of each block', async () => {
    const trace = await readTraceFile(recorded);
    const rule = trace.events.find(
      (event) => event.type === 'kernel.rule-added' && /--dport/.test(String(event.data.rule)),
    );
    const lines = (await script()).split('\n');
    const at = lines.findIndex((line) => line.startsWith(`# events ${rule?.seq} to `));
    assert.match(lines[at] ?? '', /, daemon: because of --publish$/);
    assert.match(lines[at + 1] ?? '', /^iptables .* -j DNAT --to-destination "\$ADDRESS:80"$/);
  });

  test('says what no command does', async () => {
    assert.match(await script(), /# not done by hand: the seccomp filter/);
    assert.match(await script(), /# not done by hand: the session keyring/);
  });

  test('has none of the names and addresses of the run in its commands', async () => {
    const commands = (await script())
      .split('\n')
      .filter((line) => !line.startsWith('#') && !/^\w+=\$\{/.test(line))
      .join('\n');
    assert.doesNotMatch(commands, /172\.17\.|tlab0|\/run\/tlab|\bTLAB/);
  });

  test('of a hostile trace runs none of its text and prints no control character', async () => {
    const text = await script((trace) => {
      trace.header.command = ['tlab', '\u001b[2J\ntouch /x'];
      for (const event of trace.events) {
        if (event.type === 'kernel.cgroup-written') event.data.value = '$(touch /x)';
        if (event.data.operation === 'sethostname') event.data.arguments = { name: '\u001b]0;x\u0007`touch /x`' };
        if (event.type === 'kernel.netlink-sent') event.twin = 'touch /x; ip link add $(touch /x)';
        if (event.data.operation === 'exec')
          event.data.arguments = { argv: ["'; touch /x; '", 'END_OF_INIT\n'], env: [] };
      }
    });
    assert.doesNotMatch(text, /(?!\n)\p{Cc}/u);
    assert.doesNotMatch(text, /^touch/m);
    assert.equal(text.match(/^END_OF_INIT$/gm)?.length, 1);
    const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('is refused when the trace has no container, with what is missing', async () => {
    await assert.rejects(
      script((trace) => {
        trace.events = trace.events.filter((event) => event.type !== 'runc.plan-executed');
      }),
      /this trace has no container that tlab-runc made/,
    );
    await assert.rejects(
      script((trace) => {
        trace.events = trace.events.filter((event) => event.data.operation !== 'exec');
      }),
      /this trace has no program that was executed/,
    );
  });
});
