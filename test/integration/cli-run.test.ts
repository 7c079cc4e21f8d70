// The run pipeline of the CLI over a real engine: statuses, streams, terminal, signals, detaching. Needs root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const needsRoot = root();
let engine: TestEngine;

before(async () => {
  if (needsRoot.skip !== false) return;
  engine = await startEngine();
  if ((await engine.tlab(['library', 'ls', '-q'])).stdout.includes('busybox')) return;
  // Packages come from the host's network, not from the engine's empty one.
  const built = await run(tlabProgram, ['library', 'build', 'busybox'], { env: engine.env, timeoutMs: 120_000 });
  assert.equal(built.status, 0, built.stderr);
});
after(async () => {
  if (needsRoot.skip === false) await engine.stop();
});

const statuses: Array<[argv: string[], status: number]> = [
  [['run', '--rm', 'busybox', 'true'], 0],
  [['run', '--rm', 'busybox', 'sh', '-c', 'exit 7'], 7],
  [['run', '--rm', 'busybox', 'missing-program'], 127],
  [['run', '--rm', 'busybox', '/etc/passwd'], 126],
  [['run', '--rm', '--pull', 'never', 'no-such-image'], 125],
  [['run', '--rm', '--memory', '12x', 'busybox'], 125],
];
for (const [argv, status] of statuses) {
  test(`tlab ${argv.join(' ')} ends with ${status}`, needsRoot, async () => {
    const ran = await engine.tlab(argv);
    assert.equal(ran.status, status, ran.stderr);
    assert.equal(await engine.must('ps', '-aq'), '');
  });
}

test('stdout and stderr stay apart, and stdin reaches the program', needsRoot, async () => {
  const ran = await engine.tlab(['run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; echo err >&2'], {
    input: 'typed\n',
  });
  assert.equal(ran.stdout, 'typed\n');
  assert.equal(ran.stderr, 'err\n');
});

test('a megabyte goes through stdin and comes back whole', needsRoot, async () => {
  const input = 'x'.repeat(1_000_000);
  const ran = await engine.tlab(['run', '--rm', '-i', 'busybox', 'cat'], { input });
  assert.equal(ran.stdout.length, input.length);
});

/** Runs a shell line with a terminal of its own, whose echo and size stay as script sets them. */
const onTerminal = (line: string, input = '') => engine.inside('script', ['-qec', line, '/dev/null'], { input });

test('with -t the program has a terminal of the size of ours', needsRoot, async () => {
  const ran = await onTerminal(`stty rows 33 cols 77; ${tlabProgram} run -t --rm busybox sh -c 'sleep 0.3; stty size'`);
  assert.match(ran.stdout, /33 77/);
});

/** Types each text once what is awaited before it was seen; the status of the line. */
async function converse(
  line: string,
  steps: ReadonlyArray<readonly [awaited: string, typed: string]>,
): Promise<number> {
  const terminal = spawn('nsenter', [...engine.enter, 'script', '-qec', line, '/dev/null'], {
    env: { ...process.env, ...engine.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let seen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  const ended = new Promise<number>((resolve) => terminal.once('exit', (status) => resolve(status ?? -1)));
  for (const [awaited, typed] of steps) {
    await waitUntil(() => seen.includes(awaited), { what: JSON.stringify(awaited) });
    seen = '';
    terminal.stdin.write(typed);
  }
  return ended;
}

test('ctrl-p ctrl-q leaves the program running, and who attaches next can type', needsRoot, async () => {
  const leave = '\x10\x11';
  const first = await converse(`${tlabProgram} run -it --name left busybox sh`, [['/ # ', leave]]);
  assert.equal(first, 0);
  const steps = [['/ # ', 'echo $((20 + 3))\r']] as const;
  // The prompt was printed before: an empty line brings the next one.
  const second = await converse(`echo attaching; ${tlabProgram} attach left`, [
    ['attaching', '\r'],
    ...steps,
    ['23', leave],
  ]);
  assert.equal(second, 0);
  const third = await converse(`echo attaching; ${tlabProgram} attach left`, [
    ['attaching', '\r'],
    ['/ # ', 'exit 6\r'],
  ]);
  assert.equal(third, 6);
  await engine.must('rm', 'left');
});

test('the terminal is given back as it was, also after an error', needsRoot, async () => {
  const compare = (command: string): string =>
    `stty -g > ${engine.root}/a; ${command}; stty -g > ${engine.root}/b; cmp ${engine.root}/a ${engine.root}/b && echo same`;
  for (const command of ['run -it --rm busybox true', 'run -it --rm busybox missing-program']) {
    const ran = await onTerminal(compare(`${tlabProgram} ${command}`));
    assert.match(ran.stdout, /same/, command);
  }
});

test('signals of the CLI reach the program, whose status is handed on', needsRoot, async () => {
  const program = ['run', '--rm', '--name', 'signalled', 'busybox', 'sh', '-c'];
  const script = 'trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done';
  const cli = spawn('nsenter', [...engine.enter, tlabProgram, ...program, script], {
    env: { ...process.env, ...engine.env },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => cli.once('exit', resolve));
  await waitUntil(async () => (await engine.tlab(['logs', 'signalled'])).stdout.includes('ready'), {
    what: 'the trap',
  });
  cli.kill('SIGTERM');
  assert.equal(await ended, 4);
});

test(
  'when the reader of our output goes away we leave with 1, as docker does, and the container goes on',
  needsRoot,
  async () => {
    const line = `${tlabProgram} run --name chatty busybox yes | head -1; echo "\${PIPESTATUS[0]}"`;
    const ran = await engine.inside('bash', ['-c', line], { timeoutMs: 20_000 });
    assert.equal(ran.stdout, 'y\n1\n', ran.stderr);
    assert.equal(await engine.must('inspect', '--format', '{{.State.Status}}', 'chatty'), 'running');
    await engine.must('rm', '-f', 'chatty');
  },
);

test('exec hands on the status and stdin', needsRoot, async () => {
  await engine.must('run', '-d', '--name', 'long', 'busybox', 'sleep', '1000');
  assert.equal((await engine.tlab(['exec', 'long', 'sh', '-c', 'exit 3'])).status, 3);
  assert.equal((await engine.tlab(['exec', 'long', 'missing-program'])).status, 127);
  const nobody = await engine.tlab(['exec', '-u', 'nosuch', 'long', 'true']);
  assert.equal(nobody.status, 126);
  assert.match(nobody.stderr, /unable to find user nosuch/);
  assert.equal((await engine.tlab(['exec', '-i', 'long', 'cat'], { input: 'x' })).stdout, 'x');
  assert.equal(await engine.must('rm', '-f', 'long'), 'long');
});

test('after kill -9 of everything, reset leaves nothing, and a second reset does nothing', needsRoot, async () => {
  await engine.must('run', '-d', '-p', '8080:80', '--name', 'left', 'busybox', 'sleep', '1000');
  const parts = JSON.parse(await engine.must('system', 'status', '--json')) as Array<{ pid: number }>;
  for (const { pid } of parts) process.kill(pid, 'SIGKILL');
  const seen = await engine.must('system', 'reset', '--dry-run');
  for (const kind of ['mount', 'link', 'rule', 'cgroup', 'file']) assert.match(seen, new RegExp(`^${kind}: `, 'm'));
  const reset = await engine.tlab(['system', 'reset', '--yes']);
  assert.equal(reset.status, 0, reset.stdout + reset.stderr);
  assert.equal(await engine.must('system', 'reset', '--dry-run'), '');
  assert.equal(existsSync(`${engine.root}/run`), false);
  assert.equal(await engine.must('system', 'reset', '--yes'), 'nothing of tlab is left');
});

test('reset asks, and without a terminal wants --yes', needsRoot, async () => {
  const ran = await engine.tlab(['system', 'reset']);
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /tlab system reset --yes/);
});
