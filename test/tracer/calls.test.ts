// Records → calls: pairing per thread, names of descriptors, and what is counted when something does not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecording, type RecordedEvent } from '../../src/tracer/calls.ts';
import { bytesSource } from '../../src/tracer/records.ts';
import { RecordingBytes, text } from './recording.ts';

const [read, close, openat] = [0, 3, 257];
const here = -100n;

const open = (bytes: RecordingBytes) => openRecording(bytesSource(bytes.bytes()));
const lines = (events: Iterable<RecordedEvent>): string[] =>
  [...events].flatMap((event) =>
    event.kind === 'call'
      ? [
          `${event.name}(${event.args.join(', ')}) = ${event.result ?? '?'}${event.errno === undefined ? '' : ` ${event.errno}`}`,
        ]
      : [],
  );

test('an open names the descriptor that later calls use', () => {
  const recording = open(
    new RecordingBytes()
      .enter(openat, [here, 0x1000, 0o2000000, 0], [text(1, '/etc/passwd')])
      .exit(openat, 3)
      .enter(read, [3, 0x2000, 100])
      .exit(read, 0)
      .enter(close, [3])
      .exit(close, 0)
      .enter(read, [3, 0x2000, 100])
      .exit(read, -9)
      .counts(),
  );
  assert.deepEqual(lines(recording.events()), [
    'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
    'read(3</etc/passwd>, "", 100) = 0',
    'close(3</etc/passwd>) = 0',
    'read(3, 0x2000, 100) = -1 EBADF',
  ]);
  assert.equal(recording.unfinished, 0);
  assert.equal(recording.counts?.dropped, 0);
});
