// The programs of the engine that a container's processes may come near: none can be overwritten from inside, so the next container
// does not run an attacker's code on the host (CVE-2019-5736). The runtime enters containers as a sealed copy in memory only.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { hostile, withCapabilities } from '../helpers/hostile.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const programs = ['tlab-runc', 'containerd-shim-tlab-v2', 'tlab-init'].map((name) => `${binaries}/${name}`);
const hashes = (): string[] => programs.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
const untouched = hashes();
let overwriter: string;

before(async () => {
  if (process.getuid?.() === 0) overwriter = await hostile('overwrite', place.folder);
});

const attacker = (name: string, ...capabilities: string[]) =>
  place.bundle(['/overwrite', name, '15'], {
    edit: (config) => withCapabilities(config, ...capabilities),
    prepare: (rootfs) => {
      copyFileSync(overwriter, `${rootfs}/overwrite`);
      writeFileSync(`${rootfs}/script`, '#!/proc/self/exe\n', { mode: 0o755 });
    },
  });

async function attempts(container: TestContainer, join: () => Promise<unknown>): Promise<string> {
  await waitUntil(() => container.output().startsWith('ready'), { what: 'the attacker' });
  const end = Date.now() + 20_000;
  while (!/^tried /m.test(container.output()) && Date.now() < end) await join();
  assert.match(container.output(), /^tried \d+$/m, 'the attacker saw too few processes');
  return container.output();
}

test('a process that joins is a sealed copy: who may look at it cannot write to it', root(), async () => {
  const container = await attacker('tlab-runc', 'SYS_PTRACE');
  await place.start(container);
  const output = await attempts(container, () => place.exec(container, { args: ['true'] }));
  assert.match(output, /^opened \/memfd:tlab-runc/m);
  assert.doesNotMatch(output, /^opened (?!\/memfd:)|^wrote/m);
  assert.deepEqual(hashes(), untouched);
});

test('an image that makes the runtime its own program gets the sealed copy', root(), async () => {
  for (const args of [['/proc/self/exe', 'features'], ['/script'], ['/proc/self/exe', '--version']]) {
    const container = await attacker('exe');
    await place.start(container);
    let joins = 0;
    await waitUntil(() => container.output().startsWith('ready'), { what: 'the attacker' });
    for (; joins < 5; joins++) await place.exec(container, { args });
    assert.doesNotMatch(container.output(), /^opened (?!\/memfd:)|^wrote/m);
    await place.runc(['delete', '--force', container.id]);
    const first = await place.bundle(args, { rootfs: `${container.bundle}/rootfs` });
    const ran = await place.run(first);
    assert.ok(ran.status !== 0 || ran.stdout.startsWith('tlab-runc version'), ran.stderr);
  }
  assert.deepEqual(hashes(), untouched);
});

test('a runtime that joins from its file on disk is overwritten', root(), async () => {
  const victim = `${place.folder}/busybox`;
  copyFileSync('/bin/busybox', victim);
  chmodSync(victim, 0o755);
  const container = await attacker('busybox');
  const pid = await place.start(container);
  await waitUntil(() => container.output().startsWith('ready'), { what: 'the attacker' });
  const joins = ['--target', String(pid), '--pid', 'setpriv', '--bounding-set', '-all', victim, 'sleep', '0.1'];
  await run('nsenter', joins);
  await waitUntil(() => container.output().includes('wrote\n'), { what: 'the attack' });
  assert.equal(readFileSync(victim, 'utf8'), '#!/bin/sh\n');
});

test('no library of an image is loaded by what enters it or stands beside it: the programs are static', async () => {
  for (const path of programs) assert.doesNotMatch(await must('readelf', ['--program-headers', path]), /INTERP/);
});
