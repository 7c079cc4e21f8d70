// What hides parts of /proc and /sys stays what it is when an image or another container plays with what it is made of: the null
// device, the terminal, the mounts below /proc (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881).
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { addMounts, bindOf, startRacer } from '../helpers/shared-volume.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const corePattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
const [nullMajor, nullMinor] = [1, 3];
const isNull = (path: string): boolean => {
  const status = statSync(path);
  return status.isCharacterDevice() && status.rdev === nullMajor * 256 + nullMinor;
};

const folder = (name: string): string => {
  mkdirSync(`${place.folder}/${name}`, { recursive: true });
  return `${place.folder}/${name}`;
};

/** /dev is a folder of the attacker's: nothing on it is made by the runtime. */
const withDev = (source: string) => (config: RuntimeConfig) => {
  config.mounts = (config.mounts as { destination: string }[]).filter(
    ({ destination }) => !destination.startsWith('/dev'),
  );
  addMounts(config, bindOf(source, '/dev'));
  config.linux.maskedPaths = ['/proc/keys', '/proc/interrupts'];
};

/** Created, looked at through /proc/<pid>/root by `look`, removed. Returns the error, or what `look` says. */
async function once<T>(container: TestContainer, look: (inside: string) => T): Promise<T | string> {
  const { status, stderr } = await place.create(container, '--pid-file', `${container.bundle}/pid`);
  if (status !== 0) return stderr;
  const seen = look(`/proc/${readFileSync(`${container.bundle}/pid`, 'utf8')}/root`);
  await place.runc(['delete', '--force', container.id]);
  return seen;
}

test(
  'an image’s own null device that is a link into /proc/sys masks nothing: the container is refused',
  root(),
  async () => {
    for (const [name, make] of Object.entries({
      link: (dev: string) => symlinkSync('/proc/sys/kernel/core_pattern', `${dev}/null`),
      file: (dev: string) => writeFileSync(`${dev}/null`, 'mine'),
      none: () => undefined,
    })) {
      const dev = folder(`dev-${name}`);
      make(dev);
      const container = await place.bundle(['true'], { edit: withDev(dev) });
      assert.match(
        String(await once(container, () => 'made')),
        /masking "\/proc\/keys"|making device "\/dev\/null"/,
        name,
      );
    }
    const zero = folder('dev-zero');
    await must('mknod', [`${zero}/null`, 'c', '1', '5']);
    const container = await place.bundle(['true'], { edit: withDev(zero) });
    assert.match(String(await once(container, () => 'made')), /masking|another file is there/);
    assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), corePattern);
  },
);

test('while /dev/null is exchanged with such a link, every container that comes to be is masked', root(), async () => {
  const dev = folder('dev-race');
  mkdirSync(`${dev}/real`);
  await must('mknod', ['-m', '666', `${dev}/real/null`, 'c', '1', '3']);
  const evil = folder('dev-race/evil');
  symlinkSync('/proc/sys/kernel/core_pattern', `${evil}/null`);
  const racer = await startRacer(place, dev, 'evil');
  // The container's /dev is the folder that is exchanged: now the true devices, now the attacker's.
  const container = await place.bundle(['sleep', '10'], {
    edit: (config) => {
      withDev(dev)(config);
      config.linux.devices = [];
    },
    change: (operations) =>
      operations.filter((operation) => operation.name !== 'device_make' && operation.name !== 'symlink'),
    prepare: () => symlinkSync('real/null', `${dev}/null`),
  });
  let made = 0;
  for (let n = 0; n < 40; n++) {
    const seen = await once(container, (inside) =>
      ['keys', 'interrupts'].every((name) => isNull(`${inside}/proc/${name}`)),
    );
    if (typeof seen === 'string')
      assert.match(seen, /masking ".*" with the null device: open_tree\(2\): E(NODEV|NOENT)/);
    else assert.ok(seen, 'masked by something that is not the null device');
    made += typeof seen === 'string' ? 0 : 1;
  }
  await racer.stop();
  assert.ok(made > 0, 'no container came to be');
  assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), corePattern);
});

test('a runtime that binds /dev/null by its name makes core_pattern writable', root(), async () => {
  const dev = folder('dev-naive');
  symlinkSync('/proc/sys/kernel/core_pattern', `${dev}/null`);
  // What the masks were, in a mount namespace of its own: core_pattern read-only, then /proc/keys hidden by "the null device".
  const naive = `mount --bind -o ro /proc/sys /proc/sys && mount --bind ${dev}/null /proc/keys && cat /proc/keys`;
  const ran = await run('unshare', ['--mount', 'sh', '-c', naive]);
  assert.equal(ran.stdout, corePattern, ran.stderr);
});

test('a link at /dev/console does not lead the terminal into procfs', root(), async () => {
  const receiver = `${place.folder}/console-receive`;
  await must('gcc', ['-o', receiver, new URL('../native/console-receive.c', import.meta.url).pathname]);
  const dev = folder('dev-console');
  symlinkSync('/proc/sys/kernel/core_pattern', `${dev}/console`);
  const container = await place.bundle(['sleep', '10'], {
    edit: (config) => {
      config.mounts = (config.mounts as { destination: string }[]).filter(({ destination }) => destination !== '/dev');
      (config.mounts as object[]).splice(1, 0, bindOf(dev, '/dev'));
      config.process.terminal = true;
    },
  });
  const socket = `${container.bundle}/tty.sock`;
  const receiving = start(receiver, [socket], { log: openSync(`${container.bundle}/terminal`, 'w') });
  await waitUntil(() => existsSync(socket), { what: 'the console socket' });
  const created = await place.create(container, '--console-socket', socket);
  await receiving.stop('SIGKILL');
  assert.match(created.stderr, /mounting "\/dev\/console": the path leads into procfs/);
});

test('a terminal comes from a devpts, not from what an image has at /dev/pts', root(), async () => {
  const dev = folder('dev-pts');
  mkdirSync(`${dev}/pts`);
  symlinkSync('/proc/sys/kernel/core_pattern', `${dev}/pts/0`);
  writeFileSync(`${dev}/pts/ptmx`, '');
  const container = await place.bundle(['true'], {
    edit: (config) => {
      withDev(dev)(config);
      config.linux.maskedPaths = [];
      config.process.terminal = true;
    },
  });
  const socket = `${container.bundle}/tty.sock`;
  const receiver = start(`${place.folder}/console-receive`, [socket]);
  await waitUntil(() => existsSync(socket), { what: 'the console socket' });
  const created = await place.create(container, '--console-socket', socket);
  await receiver.stop('SIGKILL');
  assert.match(created.stderr, /\/dev\/pts is not a devpts|opening \/dev\/pts\/ptmx/);
});

test('sysctls reach the kernel, not a file that an image or a volume has in the place of /proc', root(), async () => {
  const fake = folder('fake-sys');
  mkdirSync(`${fake}/net/ipv4`, { recursive: true });
  writeFileSync(`${fake}/net/ipv4/ip_unprivileged_port_start`, 'fake\n');
  const victim = `${fake}/net/ipv4/ping_group_range`;
  symlinkSync('/proc/sys/kernel/core_pattern', victim);
  const container = await place.bundle(['sleep', '10'], {
    edit: (config) => {
      config.mounts = (config.mounts as { destination: string }[]).filter(
        ({ destination }) => !destination.startsWith('/proc'),
      );
      addMounts(config, bindOf(fake, '/fake'));
      config.linux.maskedPaths = [];
      config.linux.readonlyPaths = [];
      config.linux.sysctl = { 'net.ipv4.ip_unprivileged_port_start': '79', 'net.ipv4.ping_group_range': '0 77' };
    },
    prepare: (rootfs) => {
      rmSync(`${rootfs}/proc`, { recursive: true });
      mkdirSync(`${rootfs}/proc`);
      symlinkSync('/fake', `${rootfs}/proc/sys`);
    },
  });
  const pid = await place.start(container);
  const read = (name: string) => must('nsenter', [`--net=/proc/${pid}/ns/net`, 'cat', `/proc/sys/net/ipv4/${name}`]);
  assert.equal(await read('ip_unprivileged_port_start'), '79');
  assert.equal((await read('ping_group_range')).replace(/\s+/, ' '), '0 77');
  assert.equal(readFileSync(`${fake}/net/ipv4/ip_unprivileged_port_start`, 'utf8'), 'fake\n');
  assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), corePattern);
});

test('the host’s null device is what it was', () =>
  assert.ok(isNull('/dev/null') && (statSync('/dev/null').mode & 0o777) === 0o666));
