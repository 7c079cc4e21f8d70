// The tracer's file: whole ones, cut ones, foreign ones. Whatever the bytes, reading ends, with a reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { openRecording } from '../../src/tracer/calls.ts';
import { bytesSource, RecordFile } from '../../src/tracer/records.ts';
import { RecordingBytes, text } from './recording.ts';

const openat = 257;

const sample = (calls = 50): Buffer => {
  const bytes = new RecordingBytes().process('bash', { 0: '/dev/null', [-100]: '/root' });
  for (let index = 0; index < calls; index++) {
    bytes.enter(openat, [-100, 0x1000, 0], [text(1, `/file/${index}`)]).exit(openat, 3);
  }
  return bytes.counts().bytes();
};

/** Everything that can be read of these bytes; undefined when they are refused with an error of ours. */
function readAll(bytes: Uint8Array): { events: number; reason?: string } | undefined {
  try {
    const recording = openRecording(bytesSource(bytes));
    const events = [...recording.events()].length;
    return recording.damage ? { events, reason: recording.damage.reason } : { events };
  } catch (error) {
    assert.ok(error instanceof LabError, `${error}`);
    return undefined;
  }
}

test('a whole file has no damage', () => {
  assert.deepEqual(readAll(sample()), { events: 51 });
});

test('records are the same whatever the size of a chunk', () => {
  const bytes = sample(400);
  const types = (chunk: number): number[] =>
    [...new RecordFile(bytesSource(bytes)).records(chunk)].map(({ type, offset }) => type * 1e6 + offset);
  assert.deepEqual(types(8), types(1 << 20));
});

test('a file cut anywhere gives what is before the cut, and says where it ends', () => {
  const bytes = sample(5);
  const whole = readAll(bytes)?.events ?? 0;
  for (let length = 24; length < bytes.length; length++) {
    const seen = readAll(bytes.subarray(0, length));
    assert.ok(seen && seen.events <= whole, `${length}`);
    if (seen.reason !== undefined) assert.equal(seen.reason, 'it ends within a record');
  }
  const recording = openRecording(bytesSource(bytes.subarray(0, bytes.length - 1)));
  assert.equal(recording.damage?.offset, bytes.length - 88);
  assert.equal(recording.counts, undefined);
});

test('what is no file of the tracer is refused', () => {
  const foreign = [
    Buffer.alloc(0),
    Buffer.from('{"schema":1}\n'),
    Buffer.from('\x7fELF'.padEnd(64)),
    Buffer.alloc(100),
  ];
  for (const bytes of foreign) {
    assert.throws(() => openRecording(bytesSource(bytes)), { kind: 'dataLoss', message: /^not a file of the tracer/ });
  }
  const hostile = Buffer.from('\x1b[2Jabc'.padEnd(40));
  assert.throws(() => openRecording(bytesSource(hostile)), { message: /\\x1b/ });
});

test('a version or machine of another tlab is told', () => {
  const version = new RecordingBytes({ version: 7 }).bytes();
  assert.throws(() => openRecording(bytesSource(version)), { kind: 'notImplemented', message: /version 7/ });
  const machine = new RecordingBytes({ machine: 243 }).bytes();
  assert.throws(() => openRecording(bytesSource(machine)), { kind: 'dataLoss', message: /machine: 243/ });
});

test('a record of an absurd size ends the reading there', () => {
  for (const size of [0, 8, 23, 25, 0x7fffffff, 0xffffffff]) {
    const bytes = sample(3);
    bytes.writeUInt32LE(size, 24);
    assert.match(readAll(bytes)?.reason ?? '', /^(a record cannot have|it ends within)/);
  }
});

test('no bytes make it hang or throw anything but an error of ours', () => {
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const bytes = sample(20);
  for (let round = 0; round < 2000; round++) {
    const broken = Buffer.from(bytes);
    for (let change = 0; change < 1 + (next() % 8); change++)
      broken[24 + (next() % (broken.length - 24))] = next() & 0xff;
    readAll(broken);
  }
  for (let round = 0; round < 300; round++) {
    readAll(
      Buffer.concat([bytes.subarray(0, 24), Buffer.from(Array.from({ length: next() % 500 }, () => next() & 0xff))]),
    );
  }
});
