// Between its clone and its execve(2) a process that `exec` puts into a container is still the runtime's: with the host's mounts,
// descriptors and capabilities, and in the container's pid namespace. Nobody in there may look into it or take it over
// (CVE-2016-9962), whoever kills it harms only that exec.
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { hostile, withCapabilities } from '../helpers/hostile.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const marker = `${place.folder}/only-on-the-host`;
let programs: Record<'window' | 'killer', string>;

before(async () => {
  if (process.getuid?.() !== 0) return;
  writeFileSync(marker, '');
  programs = { window: await hostile('window', place.folder), killer: await hostile('killer', place.folder) };
});

const attacker = (name: 'window' | 'killer', args: string[], edit?: (config: RuntimeConfig) => void) =>
  place.bundle([`/${name}`, ...args], {
    edit: (config) => {
      withCapabilities(config);
      edit?.(config);
    },
    prepare: (rootfs) => copyFileSync(programs[name], `${rootfs}/${name}`),
  });

/** Lines that the attacker has printed, once it has made all its attempts; `join` is called until then. */
async function attempts(container: TestContainer, join: () => Promise<unknown>): Promise<string[]> {
  await waitUntil(() => container.output().startsWith('ready'), { what: 'the attacker' });
  const end = Date.now() + 20_000;
  while (!/^tried /m.test(container.output()) && Date.now() < end) await join();
  const lines = container.output().trim().split('\n');
  assert.match(lines.at(-1) ?? '', /^tried \d+$/, 'the attacker saw too few joining processes');
  return lines.slice(1, -1);
}

test(
  'nothing that looks into another process works on one that joins: not /proc, not ptrace, not pidfd_getfd',
  root(),
  async () => {
    const container = await attacker('window', ['tlab-runc', marker, '100']);
    await place.start(container);
    const through = await attempts(container, () => place.exec(container, { args: ['true'] }));
    assert.deepEqual(through, []);
  },
);

test(
  'the same attempts get to the host’s files through one that has no capabilities but is dumpable',
  root(),
  async () => {
    const container = await attacker('window', ['naive', marker, '20']);
    const pid = await place.start(container);
    // In the container's pid namespace, with the host's mounts still around it: as a runtime joined before the fix.
    const naive = ['setpriv', '--bounding-set', '-all', 'sh', '-c', 'printf naive > /proc/self/comm; sleep 0.2'];
    const through = await attempts(container, () => run('nsenter', [`--pid=/proc/${pid}/ns/pid`, ...naive]));
    for (const way of ['root', 'host files', 'mem', 'pidfd_getfd', 'ptrace'])
      assert.ok(through.includes(`through ${way}`), way);
  },
);

test('with a user namespace not even CAP_SYS_PTRACE gets through', root(), async () => {
  const container = await attacker('window', ['tlab-runc', marker, '50'], (config) => {
    withCapabilities(config, 'SYS_PTRACE');
    (config.linux.namespaces as unknown[]).push({ type: 'user' });
    config.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
    config.linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
    config.mounts = (config.mounts as { destination: string }[]).filter(
      ({ destination }) => destination !== '/sys/fs/cgroup',
    );
  });
  await run('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  await run('chmod', ['755', place.folder]);
  await place.start(container);
  const through = await attempts(container, () => place.exec(container, { args: ['true'] }));
  assert.deepEqual(through, []);
});

test('a process that joins may be killed by the container; that exec fails, the next ones go on', root(), async () => {
  const container = await attacker('killer', ['tlab-runc', '5']);
  await place.start(container);
  const failures: string[] = [];
  await attempts(container, async () => {
    const ran = await place.exec(container, { args: ['true'] });
    if (ran.status !== 0) failures.push(ran.stderr);
  });
  assert.ok(failures.length > 0);
  for (const text of failures) assert.match(text, /killed by signal 9 while it was set up|^$/);
  await place.reaches(container, 'running');
  assert.equal((await place.exec(container, { args: ['echo', 'still here'] })).stdout, 'still here\n');
});
