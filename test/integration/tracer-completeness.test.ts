// That the tracer misses nothing. The same execution under two observers: strace follows a program, the tracer follows strace; per
// thread the calls and what they returned must be the same, one to one. Beside it programs whose number of calls is known, many
// equal ones, and the kernel's own counts.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { makeBundle } from '../helpers/bundle.ts';
import { conserved, seeTwice } from '../helpers/observers.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { callsByThread, ebpf, readRecords, TracerPlace } from '../helpers/tracer.ts';

const place = new TracerPlace();
const runtimes = new RuntimePlace();
after(async () => {
  place.remove();
  await runtimes.remove();
});

const execve = process.arch === 'arm64' ? 221 : 59;
const getppid = process.arch === 'arm64' ? 173 : 110;

let count = 0;

test('a shell script with pipes, sub-shells and many short programs', ebpf(), async () => {
  const script = `for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done; find /etc -maxdepth 1 | sort | tail -3 >/dev/null
    (cd /; ls | xargs echo | md5sum) >/dev/null; cat /proc/self/status | grep -c . | tr -d '\\n' >/dev/null &  wait`;
  const calls = await seeTwice(place, ['bash', '-c', script]);
  assert.ok(calls > 2000, `${calls}`);
});

test('signals, handlers and restarted calls', ebpf(), async () => {
  await seeTwice(place, [place.program('sigreturn')]);
});

test('threads that end at once', ebpf(), async () => {
  await seeTwice(place, [place.program('threads'), '5']);
});

test('new namespaces', ebpf(), async () => {
  await seeTwice(place, [place.program('pid-namespace')]);
});

async function ociBundle(): Promise<string> {
  const folder = `${place.folder}/bundle-${++count}`;
  await makeBundle(folder, {
    args: ['true'],
    edit: (config) => {
      config.linux.cgroupsPath = `/tlab-tracer-test-${process.pid}`;
      delete config.process['rlimits' as keyof typeof config.process];
    },
  });
  return folder;
}

test('runc run', ebpf(), async () => {
  const command = ['runc', '--root', `${place.folder}/runc`, 'run', '--bundle', await ociBundle(), 'tlab-tracer-test'];
  const calls = await seeTwice(place, command);
  assert.ok(calls > 2000, `${calls}`);
});

test('crun run', ebpf(), async () => {
  // crun refuses a host with both versions of cgroups: it runs where the version 2 hierarchy is not mounted.
  const hide = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"';
  const crun = ['crun', '--root', `${place.folder}/crun`, 'run', '--bundle', await ociBundle(), 'tlab-tracer-test'];
  const calls = await seeTwice(place, ['unshare', '--mount', 'sh', '-c', hide, 'sh', ...crun]);
  assert.ok(calls > 900, `${calls}`);
});

test('tlab-runc run', ebpf(), async () => {
  const container = await runtimes.bundle(['true']);
  const program = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
  const command = [program, '--root', runtimes.root, 'run', '--bundle', container.bundle, container.id];
  const calls = await seeTwice(place, command);
  assert.ok(calls > 300, `${calls}`);
});

test('a loop of 100 000 calls in each of two processes at once has just these', ebpf(), async () => {
  const ran = await place.trace([place.program('loop'), '100000', '2']);
  conserved(ran);
  const threads = callsByThread(readRecords(ran.path));
  const loops = [...threads.values()].map((calls) => calls.filter(({ number }) => number === getppid).length);
  assert.deepEqual(
    loops.sort((a, b) => b - a),
    [100_000, 100_000, 0],
  );
});

test('hundred equal programs, four at a time, make equal calls', ebpf(), async () => {
  const ran = await place.trace(['sh', '-c', 'seq 100 | xargs -P 4 -n 1 env -i busybox true']);
  conserved(ran);
  const records = readRecords(ran.path);
  const threads = callsByThread(records);
  const programs = new Map<string, number>();
  for (const { tid, captures } of records.filter(({ type }) => type === 'exec')) {
    if (!captures[0]?.text.endsWith('/busybox')) continue;
    const calls = threads.get(tid) ?? [];
    const own = calls.slice(calls.findLastIndex(({ number, result }) => number === execve && result === 0) + 1);
    const shape = own.map(({ number, result }) =>
      result === undefined || result >= 0 ? number : `${number}:${result}`,
    );
    programs.set(shape.join(' '), (programs.get(shape.join(' ')) ?? 0) + 1);
  }
  assert.deepEqual([...programs.values()], [100]);
});

test('what does not fit into the ring buffer is counted to the last record', ebpf(), async () => {
  const ran = await place.trace([place.program('loop'), '200000', '4'], { buffer: 1, stopped: true });
  const { enters, exits, forks, execs, ends, received, dropped, missed } = ran.counts;
  assert.ok(dropped > 0, 'nothing was lost: the test does not test');
  assert.equal(enters + exits + forks + execs + ends, received + dropped);
  assert.equal(missed, 0);
  assert.ok(enters >= 800_000);
  const records = readRecords(ran.path);
  assert.equal(records.filter(({ type }) => type !== 'process' && type !== 'counts').length, received);
});
