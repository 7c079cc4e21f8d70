// The places where a tracer in the kernel goes wrong, each with a small program that goes there: calls whose number is gone at the
// return, that come in through another door, that are never begun, whose thread changes its number, whose strings are not there yet.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { must } from '../helpers/shell.ts';
import {
  callsByThread,
  ebpf,
  readRecords,
  recordFlags,
  type Traced,
  type TracedCall,
  type TracedRecord,
  TracerPlace,
} from '../helpers/tracer.ts';

const place = new TracerPlace();
after(() => place.remove());

/** Numbers of x86-64 and arm64. @source uapi asm/unistd.h of each */
const calls = {
  x64: {
    getpid: 39,
    getppid: 110,
    access: 21,
    mkdirat: 258,
    execve: 59,
    execveat: 322,
    rt_sigreturn: 15,
    read: 0,
    clone: 56,
  },
  arm64: {
    getpid: 172,
    getppid: 173,
    access: 48,
    mkdirat: 34,
    execve: 221,
    execveat: 281,
    rt_sigreturn: 139,
    read: 63,
    clone: 220,
  },
}[process.arch === 'arm64' ? 'arm64' : 'x64'];

const x64Only = (): { skip: string | false } =>
  process.arch === 'x64' ? ebpf() : { skip: 'x86-64 has these doors, this machine does not' };

const onlyThread = (threads: Map<number, TracedCall[]>): TracedCall[] => {
  assert.equal(threads.size, 1);
  return [...threads.values()][0] ?? [];
};

test('a call by int 0x80 is marked: its number is of the 32-bit table', x64Only(), async (t) => {
  const ran = await place.trace([place.program('int80')]);
  if (ran.stdout === '') return t.skip('this kernel has no 32-bit calls');
  const found = onlyThread(callsByThread(readRecords(ran.path))).filter(({ flags }) => flags & recordFlags.compat);
  assert.deepEqual(
    found.map(({ number, result }) => [number, result]),
    [[20, ran.pid]],
  );
  assert.equal(ran.stdout, `${ran.pid}\n`);
});

test('a call with the x32 bit, and numbers that no table has, are never taken for others', x64Only(), async () => {
  const ran = await place.trace([place.program('x32')]);
  const found = onlyThread(callsByThread(readRecords(ran.path)));
  const x32 = found.filter(({ flags }) => flags & recordFlags.x32);
  assert.deepEqual(
    x32.map(({ number }) => number),
    [calls.getpid],
  );
  const unknown = found.filter(({ number }) => number === 0xffff);
  assert.deepEqual(
    unknown.map(({ result }) => result),
    [-38, -38],
  );
});

test(
  'rt_sigreturn, whose number is gone when it returns, ends as what it began; restarts show their code',
  ebpf(),
  async () => {
    const ran = await place.trace([place.program('sigreturn')]);
    const threads = callsByThread(readRecords(ran.path));
    const main = threads.get(ran.pid) ?? [];
    const returns = main.filter(({ number }) => number === calls.rt_sigreturn);
    assert.equal(returns.length, 103);
    assert.ok(returns.every(({ exit }) => exit !== undefined));
    const interrupted = main.filter(({ result }) => result !== undefined && result <= -512 && result >= -516);
    // Twice a read (ERESTARTSYS), once a sleep (ERESTART_RESTARTBLOCK). @source linux/errno.h
    const codes = interrupted.map(({ result }) => result).filter((code) => code !== -514);
    assert.deepEqual(codes, [-512, -512, -516]);
  },
);

test('execveat ends as execveat, with the file that the kernel found', ebpf(), async () => {
  const ran = await place.trace([place.program('execveat'), '/bin/true']);
  assert.equal(ran.status, 0);
  const records = readRecords(ran.path);
  const call = onlyThread(callsByThread(records)).find(({ number }) => number === calls.execveat);
  assert.equal(call?.result, 0);
  const files = records.filter(({ type }) => type === 'exec').map(({ captures }) => captures[0]?.text);
  assert.match(files.at(-1) ?? '', /^\/dev\/fd\/\d+$/);
});

test('exec by another thread: its call goes on under the number of the first, and the others end', ebpf(), async () => {
  const ran = await place.trace([place.program('exec-thread'), '/bin/true']);
  const records = readRecords(ran.path);
  const thread = Number(ran.stdout);
  const exec = records.findLast(({ type }) => type === 'exec');
  assert.deepEqual([exec?.pid, exec?.tid, exec?.oldTid], [ran.pid, ran.pid, thread]);
  const call = callsByThread(records).get(thread)?.at(-1);
  assert.deepEqual([call?.number, call?.result, call?.exit?.tid], [calls.execve, 0, ran.pid]);
  const ends = records.filter(({ type }) => type === 'end');
  assert.equal(ends.length, records.filter(({ type }) => type === 'fork').length + 1);
  assert.deepEqual(
    ends.map(({ threadsLeft }) => threadsLeft === 0),
    ends.map((_, index) => index === ends.length - 1),
  );
});

test('in a new pid namespace calls return its numbers, records keep those of the tracer', ebpf(), async () => {
  const ran = await place.trace([place.program('pid-namespace')]);
  const records = readRecords(ran.path);
  const [outer, inner] = records.filter(({ type }) => type === 'fork');
  assert.equal(outer?.childInnerTid, 1);
  assert.equal(inner?.childInnerTid, 2);
  assert.equal(inner?.pid, outer?.childPid);
  const threads = callsByThread(records);
  const results = (pid: number | undefined, number: number): (number | undefined)[] =>
    (threads.get(pid ?? 0) ?? []).filter((call) => call.number === number).map(({ result }) => result);
  assert.deepEqual(results(ran.pid, calls.clone).at(-1), outer?.childPid);
  assert.deepEqual(results(outer?.childPid, calls.clone), [2]);
  assert.deepEqual([...results(inner?.childPid, calls.getpid), ...results(outer?.childPid, calls.getpid)], [2, 1]);
});

test('a call that a seccomp filter refuses has its entry, its arguments and a mark', ebpf(), async () => {
  const ran = await place.trace([place.program('refused')]);
  const found = onlyThread(callsByThread(readRecords(ran.path)));
  const from = found.findIndex(({ number }) => number === calls.getppid);
  const [before, refused, afterwards] = found.slice(from, from + 3);
  assert.deepEqual([before?.number, afterwards?.number], [calls.getppid, calls.getppid]);
  assert.deepEqual([refused?.number, refused?.result], [calls.mkdirat, -1]);
  assert.deepEqual(found.map(({ flags }) => flags & recordFlags.refused).filter((flag) => flag !== 0).length, 1);
  assert.equal(refused?.enter.flags, recordFlags.refused);
  assert.equal(refused?.enter.captures[0]?.text, '/refused-by-seccomp');
});

test('strings that are not in memory at entry are read again, for execve from the new program', ebpf(), async () => {
  const records = await traceNotResident('second');
  const found = onlyThread(callsByThread(records));
  const access = found.findLast(({ enter }) => enter.captures.some(({ whole }) => whole === -14));
  assert.ok(access, 'nothing failed at entry: the test does not test');
  const again = found.filter(({ exit }) => exit?.captures.some((capture) => capture.text === '/not-resident/path'));
  assert.deepEqual(
    again.map(({ enter }) => enter.captures.map(({ whole }) => whole)),
    [[-14]],
  );
  const exec = records.findLast(({ type }) => type === 'exec');
  assert.deepEqual(
    exec?.captures.map(({ argument, part, text }) => [argument, part, text]),
    [
      [0, 0, '/bin/true'],
      [1, 0, 'first'],
      [1, 1, 'second'],
    ],
  );
});

test('an argument of a new program that is longer than what is kept of it is not taken for two', ebpf(), async () => {
  const records = await traceNotResident('x'.repeat(6000));
  const exec = records.findLast(({ type }) => type === 'exec');
  const found = exec?.captures.filter(({ argument }) => argument === 1) ?? [];
  assert.deepEqual(
    found.map(({ text, whole }) => [text.length, whole]),
    [
      [5, 5],
      [4096, 4097],
    ],
  );
});

/** Records of a program whose path, and what it executes, are in memory that is not there yet. */
async function traceNotResident(lastArgument: string): Promise<TracedRecord[]> {
  const file = `${place.folder}/texts`;
  const bytes = Buffer.alloc(20480);
  const words = ['/not-resident/path', '/bin/true', 'first', lastArgument];
  for (const [page, word] of words.entries()) bytes.write(word, page * 4096);
  writeFileSync(file, bytes);
  const ran = await place.trace([place.program('not-resident'), file]);
  assert.equal(ran.status, 0);
  return readRecords(ran.path);
}

test('threads that end together are all told, and the last one ends the process', ebpf(), async () => {
  const rounds = 30;
  const ran = await place.trace([place.program('threads'), `${rounds}`]);
  const records = readRecords(ran.path);
  const ends = records.filter(({ type }) => type === 'end');
  assert.equal(ends.length, records.filter(({ type }) => type === 'fork').length + 1);
  const last = new Map<number, number>();
  for (const { pid, threadsLeft } of ends) last.set(pid, (last.get(pid) ?? 0) + (threadsLeft === 0 ? 1 : 0));
  assert.equal(last.size, rounds + 1);
  assert.ok([...last.values()].every((count) => count === 1));
});

test('a tracer in a pid namespace of its own counts as that namespace does', ebpf(), async () => {
  const here = new URL('../fixtures/tracer/trace-here.ts', import.meta.url).pathname;
  const printed = await must('unshare', ['--pid', '--fork', '--mount-proc', process.execPath, here]);
  const { pid, status, counts, records } = JSON.parse(printed) as Traced & { records: TracedRecord[] };
  assert.equal(status, 0);
  assert.deepEqual([counts.dropped, counts.missed, counts.forks, counts.ends], [0, 0, 2, 3]);
  // Numbers of a young namespace, and known in it: the shell, and the children that it forked.
  const forks = records.filter(({ type }) => type === 'fork');
  const known = [pid, ...forks.map(({ childPid }) => childPid)];
  assert.ok(
    known.every((one) => one > 0 && one < 100),
    `${known}`,
  );
  const seen = new Set(records.filter(({ type }) => type !== 'counts').flatMap((record) => [record.pid, record.tid]));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    known.sort((a, b) => a - b),
  );
  assert.deepEqual(
    forks.map(({ childInnerTid }) => childInnerTid),
    forks.map(({ childPid }) => childPid),
  );
  assert.ok(counts.enters > 100, `${counts.enters}`);
});
