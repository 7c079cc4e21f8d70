// The tracer as a program: its command line, its file, what it keeps to itself, and what it leaves behind when it is killed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { run } from '../helpers/shell.ts';
import { ebpf, readRecords, startTracer, TracerPlace, tracerProgram } from '../helpers/tracer.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new TracerPlace();
after(() => place.remove());

const self = `${process.pid}`;
const badLines: [words: string[], said: RegExp][] = [
  [[], /^tlab-tracer: usage: tlab-tracer --output FILE --follow PID/],
  [['--output'], /--output: a value is missing/],
  [['--output', 'x'], /usage/],
  [['--follow', self], /usage/],
  [['--output', 'x', '--follow', 'one'], /--follow "one": expected process ids/],
  [['--output', 'x', '--follow', '-1'], /--follow "-1": expected/],
  [['--output', 'x', '--follow', `${self},`], /expected process ids/],
  [['--output', 'x', '--follow', '99999999999999999999'], /expected process ids/],
  [['--output', 'x', '--follow', '2147483647'], /--follow: no process 2147483647/],
  [['--output', 'x', '--follow', self, '--buffer', '3'], /--buffer "3": expected MB, a power of two/],
  [['--output', 'x', '--follow', self, '--buffer', '0'], /--buffer "0"/],
  [['--output', 'x', '--follow', self, '--pin', 'x'], /--pin: unknown/],
];

for (const [words, said] of badLines) {
  test(`bad words: ${words.join(' ')}`, () => {
    const ran = spawnSync(tracerProgram, words, { encoding: 'utf8', cwd: place.folder });
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, said);
    assert.equal(ran.stderr.trim().split('\n').length, 1);
    assert.ok(!existsSync(`${place.folder}/x`));
  });
}

test('without the permission it says so in one line, status 3, and makes no file', root(), async () => {
  const words = ['--output', `${place.folder}/none`, '--follow', self];
  for (const drop of [
    ['--bounding-set', '-all', '--inh-caps', '-all'],
    ['--reuid', '65534', '--clear-groups'],
  ]) {
    const ran = await run('setpriv', [...drop, tracerProgram, ...words]);
    assert.equal(ran.status, 3, ran.stderr);
    assert.match(
      ran.stderr,
      /^tlab-tracer: eBPF cannot be used: .*not permitted: root, or CAP_BPF and CAP_PERFMON.*\n$/,
    );
    assert.ok(!existsSync(`${place.folder}/none`));
  }
});

test('CAP_BPF and CAP_PERFMON are all that it needs', ebpf(), async () => {
  const words = ['--output', place.newPath(), '--follow', self];
  const ran = await run('setpriv', ['--bounding-set', '-all,+bpf,+perfmon', tracerProgram, ...words]);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
});

test('the file is new, for its owner and group alone, and never behind a link', ebpf(), async () => {
  const path = `${place.folder}/file`;
  const words = ['--output', path, '--follow', self];
  assert.equal((await run(tracerProgram, words)).status, 0);
  assert.equal(statSync(path).mode & 0o7777, 0o640);
  const again = await run(tracerProgram, words);
  assert.deepEqual([again.status, again.stderr], [1, `tlab-tracer: --output ${path}: open(2): File exists\n`]);
  symlinkSync(`${place.folder}/elsewhere`, `${place.folder}/link`);
  const linked = await run(tracerProgram, ['--output', `${place.folder}/link`, '--follow', self]);
  assert.equal(linked.status, 1);
  assert.ok(!existsSync(`${place.folder}/elsewhere`));
  const nowhere = await run(tracerProgram, ['--output', '/nowhere/x', '--follow', self]);
  assert.match(nowhere.stderr, /--output \/nowhere\/x: open\(2\): No such file or directory/);
  const full = await run(tracerProgram, ['--output', '/proc/self/x', '--follow', self]);
  assert.equal(full.status, 1);
});

test('a process that was there before is told with its name and its descriptors', ebpf(), async () => {
  const path = `${place.folder}/process`;
  await (await startTracer(path, [process.pid])).stop();
  const [found] = readRecords(path);
  assert.deepEqual([found?.type, found?.pid], ['process', process.pid]);
  const open = found?.captures.map(({ whole }) => whole) ?? [];
  assert.ok(
    [0, 1, 2].every((fd) => open.includes(fd)),
    `${open}`,
  );
});

test('SIGTERM ends it as the end of its input does', ebpf(), async () => {
  const path = `${place.folder}/term`;
  const tracer = await startTracer(path, [process.pid]);
  process.kill(tracer.pid, 'SIGTERM');
  assert.equal(await tracer.ended, 0);
  assert.equal(readRecords(path).at(-1)?.type, 'counts');
});

test('values of the environment and of -e never reach the file', ebpf(), async () => {
  const script =
    'busybox true -e GIVEN=hidden-1 --env=GIVEN=hidden-2 -ite GIVEN=hidden-3 --build-arg GIVEN=hidden-4 -eGIVEN=hidden-5';
  const ran = await place.trace(['sh', '-c', `TOKEN=hidden-6 ${script}; true`.replaceAll('hidden', 'hid""den')]);
  const bytes = readFileSync(ran.path, 'latin1');
  assert.ok(!bytes.includes('hidden-'));
  const given = readRecords(ran.path).flatMap(({ captures }) => captures.map(({ text }) => text));
  for (const word of ['TOKEN=', 'GIVEN=', '--env=GIVEN=', '-eGIVEN=']) assert.ok(given.includes(word), word);
});

test(
  'data is kept of the kernel’s own files, never of pipes, ordinary files, or what a process was given',
  ebpf(),
  async () => {
    const file = `${place.folder}/ordinary`;
    writeFileSync(file, 'ordinary-data\n');
    const script = `cat ${file}; echo pipe-data | cat; echo named-data >/proc/self/comm; cat /proc/self/environ; cat /proc/self/mountinfo >/dev/null; cat /proc/sys/kernel/random/uuid`;
    const ran = await place.trace(['env', 'SECRET=environ-data', 'sh', '-c', `${script}; true`]);
    const data = readRecords(ran.path)
      .filter(({ number }) => [0, 1, 63, 64].includes(number))
      .flatMap(({ captures }) => captures.map(({ text }) => text))
      .join('');
    assert.match(data, /named-data/);
    assert.match(data, / \d+:\d+ \/ \/ .* - /);
    assert.doesNotMatch(data, /ordinary-data|pipe-data|environ-data/);
    const [uuid = ''] = ran.stdout.match(/[0-9a-f]{8}-[0-9a-f-]{27}/) ?? [];
    assert.equal(uuid.length, 36);
    assert.ok(!readFileSync(ran.path, 'latin1').includes(uuid));
  },
);

test('killed, it leaves no program in the kernel, and a file that reads up to its last piece', ebpf(), async () => {
  const path = `${place.folder}/killed`;
  const tracer = await startTracer(path, [process.pid]);
  const programs = (): Set<string> => programsOf(tracer.pid);
  const mine = programs();
  assert.equal(mine.size, 5);
  await waitUntil(() => statSync(path).size > 10_000, { what: 'a flush' });
  tracer.kill();
  await tracer.ended;
  // The kernel lets go of the last reference a moment later.
  await waitUntil(() => loadedPrograms().intersection(mine).size === 0, { what: 'the programs to go' });
  const found = readRecords(path);
  assert.ok(found.some(({ type }) => type === 'enter'));
  assert.ok(!found.some(({ type }) => type === 'counts'));
});

test('the programs also compile for arm64', ebpf(), () => {
  const source = new URL('../../native/tracer/tracer.bpf.c', import.meta.url).pathname;
  const words = [
    '-target',
    'bpf',
    '-mcpu=v3',
    '-D__TARGET_ARCH_arm64',
    '-std=gnu17',
    '-g',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
  ];
  const headers = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const output = ['-Wno-unused-parameter', headers, '-c', '-o', `${place.folder}/arm64.o`, source];
  const ran = spawnSync('clang', [...words, ...output], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
});

/** The ids of the BPF programs that a process holds. @source man proc_pid_fdinfo(5) */
function programsOf(pid: number): Set<string> {
  const infos = spawnSync('sh', ['-c', `cat /proc/${pid}/fdinfo/*`], { encoding: 'utf8' }).stdout;
  return new Set([...infos.matchAll(/^prog_id:\s+(\d+)$/gm)].map(([, id]) => id ?? ''));
}

/** Ids of all programs that are loaded: bpf(2) with BPF_PROG_GET_NEXT_ID, by a small program. */
function loadedPrograms(): Set<string> {
  const { stdout, status } = spawnSync(place.program('loaded'), { encoding: 'utf8' });
  assert.equal(status, 0);
  return new Set(stdout.split('\n').filter((line) => line !== ''));
}
