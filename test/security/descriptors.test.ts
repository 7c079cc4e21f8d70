// Descriptors of the host that a runtime still holds are doors out of the container: as working directory, as program, as
// interpreter of a script, or by being handed on (CVE-2024-21626). Host files here are a victim folder of the test's own.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { run, start } from '../helpers/shell.ts';

const place = new RuntimePlace();
const numbers = Array.from({ length: 14 }, (_, n) => n + 3);
/** A process of the host that the container's root may look into: root, without capabilities. Its root is the host's. */
let neighbour: ReturnType<typeof start>;

before(() => {
  copyFileSync('/bin/busybox', `${place.folder}/busybox`);
  writeFileSync(`${place.folder}/only-on-the-host`, 'secret\n');
  neighbour = start('setpriv', ['--bounding-set', '-all', 'sleep', '1000']);
});
after(async () => {
  await neighbour.stop('SIGKILL');
  await place.remove();
});

/** Runs tlab-runc as a caller does that has left folders of the host open, on 3 to 9. */
const leakily = (container: TestContainer, ...args: string[]) => {
  const opens = [3, 4, 5, 6].map((fd) => `${fd}<${place.folder}`).join(' ');
  const command = `exec ${opens} 7</ 8</proc 9</proc; exec ${binaries}/tlab-runc --root ${place.root} ${args.join(' ')}`;
  return run('bash', ['-c', command], { cwd: container.bundle });
};

/** What an attacker may put where a path is expected: `<descriptor>/…` that ends at a file or folder of the victim's. */
const waysTo = (name: string): string[] =>
  numbers.flatMap((n) => [
    `/proc/self/fd/${n}/${name}`,
    `/proc/self/fd/${n}/..${place.folder}/${name}`,
    `/proc/self/fd/${n}/${neighbour.pid}/root${place.folder}/${name}`,
  ]);

test('no path that an image may give as its program leads to one of the host', root(), async () => {
  const { bundle } = await place.bundle(['true']);
  for (const [index, way] of waysTo('busybox').entries()) {
    const container = await place.bundle([['/link', '/script', way][index % 3] ?? '', 'echo', 'escaped'], {
      rootfs: `${bundle}/rootfs`,
      prepare: (rootfs) => {
        rmSync(`${rootfs}/link`, { force: true });
        symlinkSync(way, `${rootfs}/link`);
        writeFileSync(`${rootfs}/script`, `#!${way} echo\n`, { mode: 0o755 });
      },
    });
    const ran = await leakily(container, 'run', container.id);
    assert.notEqual(ran.status, 0, `${way}: ${ran.stdout}`);
    assert.doesNotMatch(ran.stdout, /escaped/);
  }
});

test('the same for a process that is added', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  for (const way of waysTo('busybox')) {
    const ran = await place.exec(container, { args: [way, 'echo', 'escaped'] });
    assert.notEqual(ran.status, 0, `${way}: ${ran.stdout}`);
  }
});

test('with a descriptor that the caller has handed on by name, the attack is one', root(), async () => {
  const program = `/proc/self/fd/3/${neighbour.pid}/root${place.folder}/busybox`;
  const container = await place.bundle([program, 'echo', 'escaped']);
  const command = `exec 3</proc; exec ${binaries}/tlab-runc --root ${place.root} run --preserve-fds 1 ${container.id}`;
  assert.equal((await run('bash', ['-c', command], { cwd: container.bundle })).stdout, 'escaped\n');
});

test('no working directory of a container or of an added process is one of the host', root(), async () => {
  const running = await place.bundle(['sleep', '1000']);
  await place.start(running);
  for (const way of waysTo('')) {
    const container = await place.bundle(['ls', 'only-on-the-host'], {
      rootfs: `${running.bundle}/rootfs`,
      edit: (config) => {
        config.process.cwd = way;
      },
    });
    const created = await leakily(container, 'run', container.id);
    assert.notEqual(created.status, 0, `${way}: ${created.stdout}`);
    const added = await place.exec(running, { args: ['ls', 'only-on-the-host'], cwd: way });
    assert.notEqual(added.status, 0, `${way}: ${added.stdout}`);
  }
});

test('a runtime that joins the mounts with a folder of the host open lets the program out', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const pid = await place.start(container);
  const inside = 'cd /proc/self/fd/9 && cat only-on-the-host';
  const command = `exec 9<${place.folder}; exec nsenter --target ${pid} --pid --mount /bin/sh -c '${inside}'`;
  assert.equal((await run('bash', ['-c', command])).stdout, 'secret\n');
});

test('what the caller has left open reaches neither program nor added process nor hook', root(), async () => {
  const hook = `${place.folder}/hook`;
  const log = `${place.folder}/hook-saw`;
  writeFileSync(hook, `#!/bin/sh\ncat >/dev/null\nls /proc/self/fd | tr '\\n' ' ' >>${log}\n`, { mode: 0o755 });
  const phases = ['prestart', 'createRuntime', 'createContainer', 'poststart'];
  const container = await place.bundle(['sh', '-c', 'ls /proc/self/fd; exec sleep 1000'], {
    edit: (config) => {
      config.hooks = Object.fromEntries(phases.map((phase) => [phase, [{ path: hook }]]));
    },
  });
  const output = `${place.folder}/saw`;
  const ran = await leakily(container, 'run', '--detach', container.id, `>${output} 2>/dev/null`);
  assert.equal(ran.status, 0, ran.stderr);
  // `ls` itself opens one more, the folder that it lists.
  assert.equal((await place.exec(container, { args: ['ls', '/proc/self/fd'] })).stdout, '0\n1\n2\n3\n');
  assert.equal(readFileSync(output, 'utf8'), '0\n1\n2\n3\n');
  assert.equal(readFileSync(log, 'utf8'), '0 1 2 3 '.repeat(phases.length));
});
