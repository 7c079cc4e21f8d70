// The json-file log: lines, partial lines, rotation, tail, follow.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { JsonFileLog } from '../../src/daemon/log/json-file.ts';
import { type LogEntry, readLog } from '../../src/daemon/log/reader.ts';

function newLog(context: TestContext, limits: { maxSizeBytes?: number; maxFiles?: number } = {}) {
  const folder = mkdtempSync(`${tmpdir()}/tlab-log-`);
  context.after(() => rmSync(folder, { recursive: true }));
  return new JsonFileLog({ path: `${folder}/x-json.log`, maxSizeBytes: 0, maxFiles: 1, ...limits });
}

async function read(
  log: JsonFileLog,
  options: { tail?: number; follow?: boolean; signal?: AbortSignal } = {},
): Promise<string[]> {
  const entries: LogEntry[] = [];
  const { signal } = new AbortController();
  const all = {
    path: log.path,
    tail: options.tail,
    sinceNs: undefined,
    untilNs: undefined,
    follow: options.follow ? log : undefined,
  };
  for await (const entry of readLog({ ...all, signal: options.signal ?? signal })) entries.push(entry);
  return entries.map((entry) => entry.log);
}

test('a line that comes in pieces is one entry', async (context) => {
  const log = newLog(context);
  log.write('stdout', Buffer.from('hel'));
  log.write('stderr', Buffer.from('other\n'));
  log.write('stdout', Buffer.from('lo\nrest'));
  log.flush('stdout');
  assert.deepEqual(await read(log), ['other\n', 'hello\n', 'rest']);
  const [first = ''] = readFileSync(log.path, 'utf8').split('\n');
  assert.deepEqual(Object.keys(JSON.parse(first) as object), ['log', 'stream', 'time']);
});

test('a line longer than 16 KiB becomes several entries of which only the last ends in a newline', async (context) => {
  const log = newLog(context);
  log.write('stdout', Buffer.from(`${'x'.repeat(40_000)}\n`));
  const lines = await read(log);
  assert.deepEqual(
    lines.map((line) => line.length),
    [16_384, 16_384, 7_233],
  );
  assert.equal(lines.join(''), `${'x'.repeat(40_000)}\n`);
});

test('rotation keeps the newest files and reading joins them in order', async (context) => {
  const log = newLog(context, { maxSizeBytes: 200, maxFiles: 3 });
  for (let index = 0; index < 12; index++) log.write('stdout', Buffer.from(`line ${index}\n`));
  const lines = await read(log);
  assert.equal(lines.at(-1), 'line 11\n');
  assert.ok(lines.length < 12);
  assert.deepEqual(lines, Array.from({ length: 12 }, (_, index) => `line ${index}\n`).slice(-lines.length));
});

test('tail gives the last lines', async (context) => {
  const log = newLog(context);
  log.write('stdout', Buffer.from('1\n2\n3\n'));
  assert.deepEqual(await read(log, { tail: 2 }), ['2\n', '3\n']);
  assert.deepEqual(await read(log, { tail: 0 }), []);
});

test('a follower gets what comes later, through rotations, once each, and ends when the log does', async (context) => {
  // A rotation falls into each moment of the follower's beginning.
  for (let pauses = 0; pauses < 20; pauses++) {
    const log = newLog(context, { maxSizeBytes: 300, maxFiles: 4 });
    log.write('stdout', Buffer.from('first\n'));
    const followed = read(log, { follow: true });
    for (let index = 0; index < 6; index++) {
      for (let pause = 0; pause < pauses; pause++) await new Promise((resolve) => setImmediate(resolve));
      log.write('stdout', Buffer.from(`${index}\n`));
    }
    log.close();
    assert.deepEqual(await followed, ['first\n', '0\n', '1\n', '2\n', '3\n', '4\n', '5\n'], `${pauses} pauses`);
  }
});

test('a log that cannot be rotated goes on in the file that it has', async (context) => {
  const log = newLog(context, { maxSizeBytes: 20, maxFiles: 2 });
  log.write('stdout', Buffer.from('first\n'));
  const folder = dirname(log.path);
  renameSync(folder, `${folder}-away`);
  for (const line of ['second\n', 'third\n']) log.write('stdout', Buffer.from(line));
  renameSync(`${folder}-away`, folder);
  assert.deepEqual(await read(log), ['first\n', 'second\n', 'third\n']);
  log.write('stdout', Buffer.from('fourth\n'));
  assert.deepEqual(await read(log), ['first\n', 'second\n', 'third\n', 'fourth\n']);
  assert.deepEqual(readdirSync(folder).sort(), ['x-json.log', 'x-json.log.1']);
});
