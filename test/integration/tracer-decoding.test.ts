// That decoded calls read as strace prints them: one execution under two observers (strace follows the program, the tracer follows
// strace), compared word for word. Where we differ on purpose, the difference is a line of `normalized` with its reason.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { openRecording } from '../../src/tracer/calls.ts';
import { ebpf, TracerPlace } from '../helpers/tracer.ts';

const place = new TracerPlace();
after(() => place.remove());

/** Calls of each thread as text, `name(arguments) = result`. */
type Threads = Map<number, string[]>;

function add(threads: Threads, tid: number, line: string): void {
  const lines = threads.get(tid) ?? [];
  lines.push(line);
  threads.set(tid, lines);
}

function oursFrom(path: string): Threads {
  const threads: Threads = new Map();
  const recording = openRecording(path);
  for (const event of recording.events()) {
    if (event.kind !== 'call') continue;
    const { tid, name, args, result, errno } = event;
    add(threads, tid, `${name}(${args.join(', ')}) = ${result ?? '?'}${errno === undefined ? '' : ` ${errno}`}`);
  }
  recording.close();
  return threads;
}

/** A call that was interrupted in the log by another thread's stands on two lines. */
function theirsFrom(path: string): Threads {
  const threads: Threads = new Map();
  const unfinished = new Map<number, string>();
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const [, id, rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (id === undefined || /^(\+\+\+|---)/.test(rest)) continue;
    const tid = Number(id);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const whole = resumed === undefined ? rest : `${unfinished.get(tid)}${resumed}`;
    unfinished.delete(tid);
    if (whole.endsWith('<unfinished ...>')) unfinished.set(tid, whole.slice(0, -'<unfinished ...>'.length));
    else add(threads, tid, whole);
  }
  return threads;
}

function normalized(line: string): string {
  return (
    line
      // What a waitid in a 64-bit kernel leaves in si_stime may be large: strace adds it up in seconds.
      .replace(/ \/\* [\d.]+ s \*\//g, '')
      .replace(/\s+=\s+/, ' = ')
      // strace leaves room where a call was resumed.
      .replace(
        /^(\w+)\((.*)\) = /,
        (_, name: string, args: string) => `${name}(${args.trim().replace(/, {2}/g, ', ')}) = `,
      )
      // The words of an error; what a result means beside its number.
      .replace(/(= -1 E\w+) \(.*\)$/, '$1')
      .replace(/(= \d+) \((\[|in |left ).*$/, '$1')
      .replace(/= 0x([0-9a-f]+) \((flags|seals) .*\)$/, (_, digits: string) => `= ${Number.parseInt(digits, 16)}`)
      .replace(/(= \d+)<.*$/, '$1')
      // What strace asks the kernel about a descriptor while it is open: the device, whether it has a name still.
      .replace(/<char \d+:\d+>>/g, '>')
      .replace(/>\(deleted\)/g, ' (deleted)>')
      .replace(/#\d+ \(deleted\)/g, '# (deleted)')
      // A new pipe has no name before the call returns.
      .replace(/(\d+)<pipe:\[\d+\]>/g, '$1')
      // Contents of files and attributes are not recorded.
      .replace(/^((?:write|setxattr)\([^,]+, (?:"[^"]*", )?)(?:"[^"]*"|0x[0-9a-f]+), (\d+)/, '$1…, $2')
      // Neither are random numbers.
      .replace(/^getrandom\((?:"[^"]*"|0x[0-9a-f]+)/, 'getrandom(…')
      // Unknown calls: strace prints the number in hex.
      .replace(/^syscall_0x([0-9a-f]+)/, (_, digits: string) => `syscall_${Number.parseInt(digits, 16)}`)
      // It killed itself: the kernel tells how the call returned, strace does not get to see it.
      .replace(/^(kill\(\d+, SIGKILL\)) = 0$/, '$1 = ?')
  );
}

/** From the program's own first call on: before it, the loader reads contents of libraries. */
const fromMain = (lines: string[]): string[] =>
  lines
    .slice(
      Math.max(
        0,
        lines.findIndex((line) => line.startsWith('umask(022)')),
      ),
    )
    .map(normalized);

test(
  'calls on files, descriptors, memory, time, signals and processes read as strace prints them',
  ebpf(),
  async () => {
    const folder = `${place.folder}/work`;
    mkdirSync(folder);
    const log = `${place.folder}/strace.log`;
    const program = place.program('ordinary-calls');
    const inFolder = ['sh', '-c', 'cd "$1" && exec "$2"', 'sh', folder, program];
    const ran = await place.trace(['strace', '-f', '-yy', '-s', '4096', '-o', log, ...inFolder]);
    assert.equal(ran.status, 0, ran.stderr);
    const [ours, theirs] = [oursFrom(ran.path), theirsFrom(log)];
    let compared = 0;
    const [first] = theirs.keys();
    for (const [tid, lines] of theirs) {
      const expected = fromMain(lines);
      // The last program of the fixture is another one: its loader comes again.
      const end = expected.findIndex((line) => line.startsWith('execve("/bin/true"'));
      const calls = tid === first ? expected.slice(0, end + 1) : expected;
      assert.deepEqual(fromMain(ours.get(tid) ?? []).slice(0, calls.length), calls, `thread ${tid}`);
      compared += calls.length;
    }
    assert.ok(compared > 130, `compared ${compared}`);
  },
);
