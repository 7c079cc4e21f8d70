import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { callLine, Glance, parseCall } from '../../src/trace/call-line.ts';
import { merged, noFaults, readCalls, wholeLines } from '../../src/trace/calls.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { call, operation, traceFile } from '../helpers/trace-file.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-calls-`);
after(() => rmSync(folder, { recursive: true }));

let files = 0;
async function traceOf(lines: readonly string[]) {
  const path = `${folder}/${files++}.jsonl`;
  writeFileSync(path, `${lines.join('\n')}\n`);
  return await readTraceFile(path);
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('a line of a call leaves out what its operation says, and reads back whole', () => {
  const line = callLine(call(5), operation(1));
  assert.doesNotMatch(line, /stage|truth|span|cause/);
  assert.deepEqual(
    parseCall(line, () => operation(1)),
    call(5),
  );
});

test('what differs from the operation is kept in the line', () => {
  const odd = { ...call(5), span: 'b', cause: 'flag:--memory' as const, truth: 'derived' as const };
  assert.deepEqual(
    parseCall(callLine(odd, operation(1)), () => operation(1)),
    odd,
  );
});

test('a glance tells of a line what parsing it tells', () => {
  for (const data of [
    {},
    { result: -1, errno: 'ENOENT' },
    { result: '18446744073709551615' },
    { result: undefined, durationNs: undefined },
    { noise: true },
    { args: [] },
    { args: ['"],"noise":true,"x":["'] },
  ]) {
    const event = call(9, data);
    const seen = Glance.at(callLine(event, operation(1)), operation);
    assert.ok(seen, JSON.stringify(data));
    const { seq, ts, pid, tid, carried, name, process, result, errno, durationNs, noise, operation: carries } = seen;
    assert.deepEqual({ seq, ts, pid, tid }, { seq: 9, ts: 9000, pid: 7, tid: 7 });
    assert.equal(carried?.seq, 1);
    assert.deepEqual(
      { name, process, result, errno, durationNs, noise, operation: carries },
      {
        name: 'openat',
        process: 'runc',
        result: event.data.result,
        errno: event.data.errno,
        durationNs: event.data.durationNs,
        noise: event.data.noise === true,
        operation: 1,
      },
    );
  }
});

test('a glance does not judge lines that are written in another way', () => {
  const line = callLine(call(9), operation(1));
  for (const other of [
    line.replace('{"seq"', '{ "seq"'),
    line.replace('"pid"', '"stage":"runc","pid"'),
    line.replace('"runc"', '"r\\u0075nc"'),
    callLine({ ...call(9), truth: 'derived' }, operation(1)),
    callLine({ ...call(9), type: 'kernel.process-forked' }, operation(1)),
  ]) {
    assert.equal(Glance.at(other, operation), undefined, other);
  }
});

test('opening a trace reads no call', async () => {
  const lines = traceFile(range(2, 40).map((seq) => call(seq)));
  const trace = await traceOf(lines);
  assert.equal(trace.events.length, 1);
  assert.equal(trace.calls?.offset, Buffer.byteLength(`${lines[0]}\n${lines[1]}\n`));
  assert.equal(trace.flaws, undefined);
});

test('calls are walked in order, with their operation', async () => {
  const trace = await traceOf(traceFile(range(2, 40).map((seq) => call(seq))));
  const faults = noFaults();
  const calls = [...readCalls(trace, { faults })];
  assert.deepEqual(calls.at(-1), call(40));
  assert.equal(calls.length, 39);
  assert.deepEqual(faults, noFaults());
  assert.deepEqual(
    [...merged(trace.events, calls)].map((event) => event.seq),
    range(1, 40),
  );
});

test('a walk may begin near a number', async () => {
  const trace = await traceOf(traceFile(range(2, 5000).map((seq) => call(seq))));
  for (const from of [2, 3, 2500, 4999, 5000]) {
    const seen = [...readCalls(trace, { from })].map((one) => one.seq);
    assert.ok((seen[0] ?? 9e9) <= from, `${seen[0]} for ${from}`);
    assert.ok(seen.includes(from));
    if (from > 2) assert.ok(seen.length < 3000 || from < 3000);
  }
});

test('a walk that is left early closes its file', async () => {
  const trace = await traceOf(traceFile(range(2, 40).map((seq) => call(seq))));
  const before = readdirSync('/proc/self/fd').length;
  for (const one of readCalls(trace)) if (one.seq === 3) break;
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('lines that are cut, foreign, repeated or out of order are counted', async () => {
  const lines = traceFile(range(2, 9).map((seq) => call(seq)));
  const [third = '', fourth = ''] = lines.slice(3);
  const damaged = [...lines.slice(0, 3), fourth, third, third.slice(0, 50), '{"a":1}', ...lines.slice(5)];
  const trace = await traceOf(damaged);
  const faults = noFaults();
  assert.equal([...readCalls(trace, { faults })].length, 8);
  assert.deepEqual(faults, { unreadable: 2, misplaced: 1, gaveUp: undefined });
});

test('a file without its end says so when it is opened', async () => {
  const lines = traceFile(range(2, 9).map((seq) => call(seq)));
  assert.deepEqual((await traceOf(lines.slice(0, -2))).flaws, [
    'it ends with event 7 of 9: 6 of its 8 system calls are there',
  ]);
  assert.deepEqual((await traceOf([...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, 60)])).flaws, [
    'its last line is cut: 7 of its 8 system calls are there',
  ]);
  assert.deepEqual((await traceOf(lines.slice(0, 2))).flaws, ['its 8 system calls are missing']);
});

test('an event that stands behind the calls is found, and said', async () => {
  const lines = traceFile(range(2, 9).map((seq) => call(seq)));
  const [head = '', event = '', ...calls] = lines;
  const trace = await traceOf([head, ...calls, event]);
  assert.deepEqual(
    trace.events.map(({ seq }) => seq),
    [1],
  );
  assert.match(trace.flaws?.join() ?? '', /1 events stand behind system calls/);
  assert.equal([...readCalls(trace)].length, 8);
});

test('an exported trace is the trace', async () => {
  const lines = traceFile(range(2, 9).map((seq) => call(seq)));
  const written = [...wholeLines(await traceOf(lines), noFaults())];
  assert.deepEqual(
    written.map((line) => JSON.parse(line)),
    lines.map((line) => JSON.parse(line)),
  );
});
