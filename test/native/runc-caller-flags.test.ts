// What create, run and exec do for their caller: a pidfd over a socket, another cgroup for an exec; and what events tells of kills for want
// of memory. Needs root.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const receiver = `${place.folder}/pidfd-receive`;
const socket = `${place.folder}/pidfd`;

/** What arrives at the socket: a word, and the pid that the descriptor is of. */
async function received(send: () => Promise<unknown>): Promise<{ word: string; pid: number }> {
  if (!existsSync(receiver)) await must('gcc', ['-o', receiver, new URL('pidfd-receive.c', import.meta.url).pathname]);
  rmSync(socket, { force: true });
  const listening = run(receiver, [socket]);
  await waitUntil(() => existsSync(socket), { what: 'the receiver' });
  await send();
  const { stdout } = await listening;
  const [word = '', pid = ''] = stdout.split('\n');
  return { word, pid: Number(pid.slice('Pid:'.length)) };
}

test('--pidfd-socket gets a pidfd of the process that create or exec makes', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const first = await received(() => place.create(container, '--pidfd-socket', socket));
  assert.deepEqual(first, { word: 'standard', pid: (await place.state(container)).pid });
  await place.runc(['start', container.id]);
  const pidFile = `${container.bundle}/exec.pid`;
  const words = ['--pidfd-socket', socket, '--pid-file', pidFile, '--detach'];
  const second = await received(() => place.exec(container, { args: ['sleep', '100'] }, ...words));
  assert.deepEqual(second, { word: 'setns', pid: Number(readFileSync(pidFile, 'utf8')) });
});

test('a pidfd socket where nobody listens fails create and exec, and leaves no process', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const nobody = ['--pidfd-socket', `${place.folder}/nobody`];
  const created = await place.create(container, ...nobody);
  assert.match(created.stderr, /connecting to the pidfd socket ".*nobody": connect\(2\): ENOENT/);
  await assert.rejects(place.state(container));
  await place.start(container);
  const ran = await place.exec(container, { args: ['sleep', '100'] }, ...nobody);
  assert.match(ran.stderr, /the pidfd socket/);
  const { stdout } = await place.runc(['ps', '--format', 'json', container.id]);
  assert.equal((JSON.parse(stdout) as number[]).length, 1);
});

const onV1 = existsSync('/sys/fs/cgroup/pids/cgroup.procs');

test('exec --cgroup joins a cgroup below that of the container, and nothing else', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const own = place.cgroupOf(container);
  const hierarchy = onV1 ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
  mkdirSync(`${hierarchy}${own}/below`);
  const word = onV1 ? 'pids:below' : '/below';
  const joined = async (...words: string[]) => {
    const lines = place.exec(
      container,
      { args: ['sleep', '30'] },
      '--detach',
      '--pid-file',
      `${container.bundle}/p`,
      ...words,
    );
    const { status, stderr } = await lines;
    assert.equal(status, 0, stderr);
    return readFileSync(`/proc/${readFileSync(`${container.bundle}/p`, 'utf8')}/cgroup`, 'utf8');
  };
  const pattern = onV1 ? /:pids:(.*)$/m : /^0::(.*)$/m;
  assert.equal(pattern.exec(await joined('--cgroup', word))?.[1], `${own}/below`);
  assert.equal(pattern.exec(await joined())?.[1], own);
  assert.equal(pattern.exec(await joined('--cgroup', '/'))?.[1], own);
  const others = (await joined('--cgroup', word)).split('\n').filter((line) => line !== '' && !pattern.test(line));
  assert.ok(others.every((line) => !line.includes('below')));
  await place.runc(['kill', '--all', container.id, 'KILL']);
  await waitUntil(() => readFileSync(`${hierarchy}${own}/below/cgroup.procs`, 'utf8') === '', { what: 'its end' });
  rmdirSync(`${hierarchy}${own}/below`);
});

test(
  'exec --cgroup refuses what is not there, what climbs out, and a controller without a cgroup',
  root(),
  async () => {
    const container = await place.bundle(['sleep', '1000']);
    await place.start(container);
    const refused = async (word: string) => (await place.exec(container, { args: ['true'] }, '--cgroup', word)).stderr;
    assert.match(await refused('missing'), /missing.*ENOENT/);
    assert.match(await refused('../..'), /--cgroup "\.\.\/\.\.": expected a path below/);
    assert.match(await refused('nothing:x'), /--cgroup "nothing:x": the container has no cgroup of such a controller/);
  },
);

test('events tells once of each kill for want of memory', root(), async () => {
  const script = 'while :; do sleep 1; done & exec sleep 1000';
  const container = await place.bundle(['sh', '-c', script], {
    edit: (config) => Object.assign(config.linux, { resources: { memory: { limit: 16 << 20, swap: 16 << 20 } } }),
  });
  await place.start(container);
  const { child, files } = place.spawn(['events', '--interval', '300s', container.id], {
    bundle: `${place.folder}/state`,
  });
  const said = () => readFileSync(`${place.folder}/state/output`, 'utf8').trim().split('\n').filter(Boolean);
  await waitUntil(() => said().length > 0, { what: 'the first statistics' });
  // dd's buffer alone is more than the limit: the kernel kills it, and nothing else.
  const greedy = await place.exec(container, { args: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'] });
  assert.equal(greedy.status, 137, greedy.stderr);
  await waitUntil(() => said().length > 1, { what: 'the event' });
  assert.deepEqual(JSON.parse(said()[1] ?? ''), { type: 'oom', id: container.id });
  await place.runc(['kill', container.id, 'KILL']);
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(said().length, 2);
  void files;
});
