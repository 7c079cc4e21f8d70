// One execution under two observers: strace follows a program, the tracer follows strace. Per thread the calls and what they returned
// must be the same, one to one; what may differ is written here, each with its reason.
import assert from 'node:assert/strict';
import { readStrace, type StracedCall } from './strace.ts';
import { callsByThread, readRecords, recordFlags, type Traced, type TracedCall, type TracerPlace } from './tracer.ts';

const execve = process.arch === 'arm64' ? 221 : 59;

/** Nothing is missing in the kernel's own sums. */
export function conserved({ counts }: Traced): void {
  const { enters, exits, forks, execs, ends, received, dropped, missed } = counts;
  assert.deepEqual([enters + exits + forks + execs + ends, dropped, missed], [received, 0, 0]);
}

/** Runs a command under both; throws where they do not agree. Returns how many calls they agree on. */
export async function seeTwice(place: TracerPlace, command: readonly string[]): Promise<number> {
  const log = place.newPath();
  const ran = await place.trace(['strace', '-f', '-n', '-s', '4096', '-o', log, ...command]);
  assert.equal(ran.status, 0, ran.stderr);
  conserved(ran);
  const strace = readStrace(log);
  const tracer = callsByThread(readRecords(ran.path));
  const [first] = strace.keys();
  let calls = 0;
  for (const [tid, theirs] of strace) {
    const all = tracer.get(tid) ?? [];
    // strace itself makes a few calls in its first child, before it executes the program.
    compareThread(tid, tid === first ? all.slice(all.findIndex(({ number }) => number === execve)) : all, theirs);
    calls += theirs.length;
  }
  return calls;
}

function compareThread(tid: number, ours: readonly TracedCall[], theirs: readonly StracedCall[]): void {
  const more = ours.slice(theirs.length);
  for (const [index, one] of theirs.entries()) {
    const other = ours[index];
    const where = `thread ${tid}, call ${index} of ${theirs.length}: ${one.line}`;
    assert.ok(other, `${where}: not seen by the tracer`);
    // A thread that ends with its process: the kernel tells how its last call returned. strace does not get to see that, or finds
    // in the register of the result the number of the next call, where the thread was killed.
    const isLast = index === theirs.length - 1;
    const isMistaken = isLast && one.result !== undefined && one.result === more[0]?.number;
    const isUnsure = isMistaken || (isLast && one.result === undefined);
    if (isMistaken) more.shift();
    assert.deepEqual([other.number, isUnsure || other.result], [one.number, isUnsure || one.result], where);
    comparePath(other, one.line);
  }
  // Killed at the door of a call, while it waited for strace: strace does not get to see that call.
  const unexplained = more.filter(({ flags, result }) => flags !== recordFlags.refused || result !== -38);
  assert.deepEqual(unexplained, [], `thread ${tid}: the tracer has more`);
}

/** A path that the tracer captured stands in strace's line. Of calls whose second argument is a path. */
const pathCalls: ReadonlySet<number> = new Set(
  process.arch === 'arm64' ? [56, 34, 35, 48, 79] : [257, 258, 263, 262, 269],
);

function comparePath(call: TracedCall, line: string): void {
  if (!pathCalls.has(call.number)) return;
  const parts = [...(call.exit?.captures ?? []), ...call.enter.captures].filter(({ argument }) => argument === 1);
  const path = parts.find(({ whole }) => whole >= 0)?.text;
  if (path === undefined || /[^ -~]|["\\]/.test(path)) return;
  assert.ok(line.includes(`"${path}"`), `${line}: the tracer read "${path}"`);
}
