// What takes a moment, or all at once: a freezer that is still FREEZING, and cgroup.kill beside processes that multiply. Needs root, and
// /dev/fuse for a process that cannot be frozen: it waits in the kernel for the answer of a file system that nobody serves.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const { v1, v2 } = readCgroupLayout();
const version1 = v1.find(({ controllers }) => controllers.includes('freezer'))?.mountpoint;

/** The container's directory in the hierarchy of the freezer. */
const freezerOf = (container: TestContainer): string => `${version1 ?? v2}${place.cgroupOf(container)}`;

const wordOf = (container: TestContainer): string =>
  version1 === undefined
    ? (/frozen \d/.exec(readFileSync(`${freezerOf(container)}/cgroup.events`, 'utf8'))?.[0] ?? '')
    : readFileSync(`${freezerOf(container)}/freezer.state`, 'utf8').trim();
const asked = version1 === undefined ? 'cgroup.freeze' : 'freezer.self_freezing';
const words = version1 === undefined ? ['frozen 0', 'frozen 1', 'frozen 0'] : ['FREEZING', 'FROZEN', 'THAWED'];

/** A file system whose server says nothing. @source kernel filesystems/fuse.rst, Interrupting filesystem operations */
class SilentFiles {
  readonly #folder = mkdtempSync('/var/tmp/tlab-silent-');
  #server: number | undefined;
  readonly #readers: ChildProcess[] = [];

  async mount(): Promise<void> {
    this.#server = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    const child = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'silent', this.#folder], {
      stdio: ['ignore', 'ignore', 'inherit', this.#server],
    });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }

  #reader(): ChildProcess {
    const child = spawn('stat', [`${this.#folder}/name`], { stdio: 'ignore' });
    this.#readers.push(child);
    return child;
  }

  /** A process that no freezer can stop: it waits for another one's answer about the same name, and that one waits for the server. */
  async unfreezable(): Promise<number> {
    const waits = (child: ChildProcess) => () => /\) D /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'));
    const first = this.#reader();
    await waitUntil(waits(first), { what: 'a process that waits for the server' });
    const second = this.#reader();
    await waitUntil(waits(second), { what: 'a process that waits for the first' });
    return second.pid ?? 0;
  }

  /** Every request fails now, and who waits goes on. */
  answer(): void {
    if (this.#server !== undefined) closeSync(this.#server);
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.answer();
    await must('umount', ['--lazy', this.#folder]);
    for (const reader of this.#readers) if (reader.exitCode === null) await once(reader, 'exit');
    rmdirSync(this.#folder);
  }
}

/** A container that runs, and in its cgroup a process that cannot be frozen. */
async function withUnfreezable(files: SilentFiles): Promise<TestContainer> {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  await files.mount();
  writeFileSync(`${freezerOf(container)}/cgroup.procs`, `${await files.unfreezable()}`);
  return container;
}

test('pause waits while the freezer is on its way, and until then the container is running', root(), async () => {
  await using files = new SilentFiles();
  const container = await withUnfreezable(files);
  const paused = place.runc(['pause', container.id], { bundle: container.bundle });
  await waitUntil(() => readFileSync(`${freezerOf(container)}/${asked}`, 'utf8').trim() === '1', {
    what: 'the freezer to be asked',
  });
  assert.equal(wordOf(container), words[0]);
  assert.equal((await place.state(container)).status, 'running');
  files.answer();
  const { status, stderr } = await paused;
  assert.equal(status, 0, stderr);
  assert.equal(wordOf(container), words[1]);
  assert.equal((await place.state(container)).status, 'paused');
  assert.equal((await place.runc(['resume', container.id])).status, 0);
});

test('a pause that cannot come true fails within seconds, says so, and lets the container go on', root(), async () => {
  await using files = new SilentFiles();
  const container = await withUnfreezable(files);
  const { status, stderr } = await place.runc(['pause', container.id]);
  assert.equal(status, 1);
  assert.ok(stderr.includes(`the freezer of "${freezerOf(container)}" did not reach`), stderr);
  assert.equal(wordOf(container), words[2]);
  assert.equal((await place.state(container)).status, 'running');
});

test('kill --all ends a chain of processes of which each is gone before it could be signalled', root(), async () => {
  const container = await place.bundle(['sh', '-c', 'sh /chain & exec sleep 1000'], {
    edit: ({ linux }) => {
      linux.namespaces = (linux.namespaces as { type: string }[]).filter(({ type }) => type !== 'pid');
    },
    prepare: (rootfs) => writeFileSync(`${rootfs}/chain`, 'sh /chain &\n'),
  });
  const first = await place.start(container);
  const others = (): string[] =>
    readFileSync(`${freezerOf(container)}/cgroup.procs`, 'utf8')
      .split('\n')
      .filter((pid) => pid !== '' && Number(pid) !== first);
  const seen = new Set<string>();
  const goesOn = (): boolean => {
    for (const pid of others()) seen.add(pid);
    return seen.size > 5;
  };
  await waitUntil(goesOn, { what: 'the chain to go on' });
  assert.equal((await place.runc(['kill', '--all', container.id, 'KILL'])).status, 0);
  await waitUntil(() => others().length === 0, { what: 'the chain to be over', deadlineMs: 2_000 });
  await place.reaches(container, 'stopped');
});
