// What root in a container that `tlab run` makes with its defaults gets when it reaches for the host: system calls, devices, procfs
// and sysfs, cgroups, privileges, sockets, the caller's terminal. Beside it, where that is safe, what an unprotected one gets.
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { hostile } from '../helpers/hostile.ts';
import { addImage } from '../helpers/hostile-image.ts';
import { root } from '../helpers/root.ts';
import { must, type Ran, run } from '../helpers/shell.ts';

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync('/var/tmp/tlab-default-test-');
let engine: TestEngine;

before(async () => {
  if (!isRoot) return;
  engine = await startEngine();
  for (const name of ['calls', 'push-input', 'effective-user', 'own-namespaces']) await hostile(name, folder);
  await addImage(engine, {
    name: 'attacker',
    prepare: (rootfs) => {
      for (const name of ['calls', 'push-input', 'own-namespaces'])
        copyFileSync(`${folder}/${name}`, `${rootfs}/bin/${name}`);
      copyFileSync(`${folder}/effective-user`, `${rootfs}/bin/setuid-root`);
      chmodSync(`${rootfs}/bin/setuid-root`, 0o4755);
      writeFileSync(`${rootfs}/etc/passwd`, 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n');
      writeFileSync(`${rootfs}/etc/group`, 'root:x:0:\nuser:x:1000:\nextra:x:2000:user,other\nnot:x:2001:other\n');
    },
  });
  await engine.must('pull', 'attacker');
});
after(async () => {
  if (!isRoot) return;
  await engine.stop();
  rmSync(folder, { recursive: true });
});

const runs = (args: string[], ...command: string[]): Promise<Ran> =>
  engine.inside('timeout', ['-s', 'KILL', '45', tlabProgram, 'run', '--rm', ...args, 'attacker', ...command]);
const script = (args: string[], text: string): Promise<Ran> => runs(args, 'sh', '-c', text);
const answers = (ran: Ran): Map<string, string> =>
  new Map(
    ran.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ (.*)/, 2) as [string, string]),
  );

/** Refused for everybody; what is not named here must be EPERM. */
const otherwise: Readonly<Record<string, string>> = {
  clone3: 'ENOSYS', // a C library must fall back to clone, whose flags a filter sees
  'i386-socketcall-vsock': 'ENOSYS',
  'i386-getpid': 'ok',
};

test(
  'the default seccomp profile refuses what escapes were made of, through every table of system calls',
  root(),
  async () => {
    const seen = answers(await runs([], 'calls'));
    const has32 = seen.get('i386-getpid') === 'ok';
    assert.ok(seen.size > 25);
    for (const [name, answer] of seen) {
      if (name.startsWith('i386-') && !has32) continue;
      if (name.startsWith('x32-')) assert.match(answer, /EPERM|ENOSYS|killed/, name);
      else assert.equal(answer, otherwise[name] ?? 'EPERM', name);
    }
  },
);

test('without the profile many of the same calls go through: it is the profile that refuses them', root(), async () => {
  const seen = answers(await runs(['--security-opt', 'seccomp=unconfined'], 'calls'));
  for (const name of ['add_key', 'keyctl', 'unshare-user', 'clone-user', 'io_uring_setup', 'vsock'])
    assert.notEqual(seen.get(name), 'EPERM', name);
  assert.equal(seen.get('clone3'), 'EINVAL');
});

test('CAP_SYS_ADMIN opens what it is for, and neither keys nor handles nor io_uring', root(), async () => {
  const seen = answers(await runs(['--cap-add', 'SYS_ADMIN'], 'calls'));
  assert.equal(seen.get('mount'), 'ok');
  for (const name of ['add_key', 'keyctl', 'open_by_handle_at', 'io_uring_setup', 'kexec_load', 'init_module', 'vsock'])
    assert.equal(seen.get(name), 'EPERM', name);
});

const capabilitySets = 'grep -E "^(Cap|NoNewPrivs|Groups|Seccomp:)" /proc/self/status';
const fourteen = '00000000a80425fb';

test(
  'no capability is inheritable or ambient, for root, for a user, and in an exec (CVE-2022-24769)',
  root(),
  async () => {
    await engine.must('run', '-d', '--name', 'long', 'attacker', 'sleep', '1000');
    const zero = '0000000000000000';
    for (const [ran, effective] of [
      [await script([], capabilitySets), fourteen],
      [await script(['--user', 'user'], capabilitySets), zero],
      [await engine.tlab(['exec', 'long', 'sh', '-c', capabilitySets]), fourteen],
      [await engine.tlab(['exec', '-u', 'user', 'long', 'sh', '-c', capabilitySets]), zero],
    ] as const) {
      const seen = new Map(
        ran.stdout
          .trim()
          .split('\n')
          .map((line) => line.split(':\t') as [string, string]),
      );
      assert.equal(seen.get('CapInh'), zero);
      assert.equal(seen.get('CapAmb'), zero);
      assert.equal(seen.get('CapEff'), effective);
      assert.equal(seen.get('CapBnd'), fourteen);
      assert.equal(seen.get('Seccomp'), '2');
    }
    await engine.must('rm', '-f', 'long');
  },
);

test('a user has the groups of the image, all of them and no others (CVE-2022-36109)', root(), async () => {
  assert.equal((await script(['--user', 'user'], 'id -G')).stdout, '1000 2000\n');
  assert.equal((await script(['--user', 'user:2001'], 'id -G')).stdout, '2001\n');
  // Those of the daemon's own caller do not come along either.
  const caller = ['setpriv', '--groups', '4242', tlabProgram, 'run', '--rm', 'attacker', 'id', '-G'];
  assert.equal((await engine.inside(caller[0] ?? '', caller.slice(1))).stdout, '0\n');
});

test('with no-new-privileges a setuid program of the image stays what its caller is', root(), async () => {
  const trial = (...options: string[]) => runs(['--user', 'user', ...options], 'setuid-root');
  assert.equal((await trial()).stdout, '0\n', 'without it the program is root');
  assert.equal((await trial('--security-opt', 'no-new-privileges')).stdout, '1000\n');
});

test('devices beyond the list: a node may be made, but not opened', root(), async () => {
  const [major, minor] = (await must('stat', ['-c', '%Hd %Ld', '/'])).split(' ');
  const text = `mknod /disk b ${major} ${minor} && head -c 1 /disk | wc -c; mknod /mem c 1 1; head -c 1 /mem;
    mknod /kmsg c 1 11; head -c 1 /kmsg; mknod /fuse c 10 229; head -c 1 /fuse; mknod /tun c 10 200; head -c 1 /tun;
    mknod /null c 1 3 && echo x >/null && echo null`;
  const ran = await script([], text);
  assert.equal(ran.stdout, '0\nnull\n', ran.stderr);
  assert.equal(ran.stderr.match(/Operation not permitted/g)?.length, 5, ran.stderr);
  const open = await script(['--privileged'], 'mknod /kmsg c 1 11; : </kmsg && echo opened');
  assert.equal(open.stdout, 'opened\n', 'a privileged one opens what it makes');
});

test('procfs and sysfs take no writes that reach the host, and remounting them is refused', root(), async () => {
  const files = [
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/kernel/modprobe',
    '/proc/sys/vm/panic_on_oom',
    '/proc/sys/fs/binfmt_misc/register',
    '/proc/sysrq-trigger',
    '/proc/irq/default_smp_affinity',
    '/sys/kernel/uevent_helper',
    '/sys/kernel/mm/transparent_hugepage/enabled',
    '/sys/power/state',
    '/sys/class/net/lo/mtu',
  ].filter((path) => existsSync(path));
  const kept = files.map((path) => (path.endsWith('register') ? '' : tryRead(path)));
  const writes = `for f in ${files.join(' ')}; do echo 1 2>/dev/null >$f && echo "wrote $f"; done`;
  const remounts = `for m in /proc/sys /proc/irq /sys /sys/fs/cgroup; do
    mount -o remount,rw $m && echo "remounted $m"; mount -o remount,rw,bind $m && echo "remounted $m"; done
    umount /proc/keys && echo umounted; umount /sys/firmware && echo umounted
    mount -t proc proc /mnt && echo mounted; mount -t sysfs sysfs /mnt && echo mounted`;
  const ran = await script([], `mkdir -p /mnt; ${writes}; { ${remounts}; } 2>/dev/null; ${writes}; echo end`);
  assert.equal(ran.stdout, 'end\n');
  assert.deepEqual(
    files.map((path) => (path.endsWith('register') ? '' : tryRead(path))),
    kept,
  );
  const shown = await script(
    [],
    'cat /proc/keys /proc/timer_list /proc/interrupts | wc -c; ls /sys/firmware /proc/acpi | grep -c :$',
  );
  assert.equal(shown.stdout, '0\n2\n');
});

const tryRead = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

test(
  'cgroups are read-only; no hierarchy can be mounted, so no release_agent set (CVE-2022-0492)',
  root(),
  async () => {
    const text = `find /sys/fs/cgroup -maxdepth 3 \\( -name release_agent -o -name notify_on_release -o -name devices.allow \
      -o -name cgroup.procs \\) 2>/dev/null | while read f; do { echo 1 >$f && echo "wrote $f"; } 2>/dev/null; done
    mkdir /c; for c in memory rdma devices pids; do mount -t cgroup -o $c cgroup /c && echo mounted $c; done 2>/dev/null
    mount -t cgroup -o none,name=evil cgroup /c 2>/dev/null && echo mounted evil
    mount -t cgroup2 cgroup2 /c 2>/dev/null && echo mounted 2; echo end`;
    assert.equal((await script([], text)).stdout, 'end\n');
    // In a user and cgroup namespace of the attacker's own, where it is root again, as the CVE did it.
    // It can mount only what its own cgroup is the root of: there is no release_agent, and no device to allow.
    const inner = `mkdir -p /c /d; mount -t cgroup -o memory cgroup /c; mount -t cgroup -o devices cgroup /d
    for f in $(find /c /d -name release_agent -o -name devices.allow); do { echo a >$f && echo "wrote $f"; } 2>/dev/null; done
    mount -t cgroup -o none,name=evil cgroup /c 2>/dev/null && echo mounted evil; echo end`;
    const ran = await runs(['--security-opt', 'seccomp=unconfined'], 'own-namespaces', 'sh', '-c', inner);
    assert.doesNotMatch(ran.stdout, /wrote|evil/, ran.stderr);
    assert.match(ran.stdout, /end/, ran.stderr);
  },
);

test(
  'no socket of the engine is abstract, and a container in the host’s network reaches none (CVE-2020-15257)',
  root(),
  async () => {
    await engine.must('run', '-d', '--name', 'neighbour', 'attacker', 'sleep', '1000');
    const sockets = (await engine.inside('cat', ['/proc/net/unix'])).stdout
      .split('\n')
      .filter((line) => line.includes(engine.root));
    assert.ok(sockets.length > 2, 'the engine listens');
    for (const line of sockets) assert.doesNotMatch(line, /@/);
    const seen = await script(['--network', 'host'], `cat /proc/net/unix; ls -d ${engine.root} /run/tlab 2>&1`);
    assert.doesNotMatch(seen.stdout, /@.*(tlab|shim)/);
    assert.match(seen.stdout, /No such file/);
    const paths = sockets.map((line) => line.split(' ').at(-1) ?? '').filter((path) => existsSync(path));
    for (const path of paths) assert.equal(statSync(path).mode & 0o007, 0, path);
    await engine.must('rm', '-f', 'neighbour');
  },
);

test('an ordinary user of the host sees nothing of images, volumes and bundles (CVE-2021-41091)', root(), async () => {
  await engine.must(
    'run',
    '-d',
    '--name',
    'kept',
    '-v',
    'data:/data',
    'attacker',
    'sh',
    '-c',
    'cp /bin/busybox /data; chmod 4755 /data/busybox; sleep 1000',
  );
  await must('chmod', ['711', engine.root]);
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
  const places = [`${engine.root}/data`, `${engine.root}/run`];
  const found = await run('setpriv', [...nobody, 'find', ...places, '-mindepth', '2', '-type', 'f', '-readable']);
  // The offline library is a copy that this test's set-up made, as readable as its source.
  const readable = found.stdout
    .split('\n')
    .filter((path) => path !== '' && !path.startsWith(`${engine.root}/data/library/`));
  assert.deepEqual(readable, []);
  const volume = `${engine.root}/data/volumes/data/_data/busybox`;
  assert.ok(existsSync(volume));
  assert.notEqual((await run('setpriv', [...nobody, 'sh', '-c', `${volume} id`])).status, 0);
  await engine.must('rm', '-f', 'kept');
});

test(
  'what a container pushes into its terminal stays in its own: nothing is typed on the caller’s',
  root(),
  async () => {
    const typed = `read -r -t 1 one; read -r -t 1 two; echo "typed:$one$two:"`;
    const caller = (attack: string): Promise<Ran> =>
      engine.inside('script', ['--quiet', '--return', '--command', `bash -c '${attack}; ${typed}'`, '/dev/null']);
    const contained = await caller(`${tlabProgram} run --rm -i -t attacker sh -c "tty; push-input evil"`);
    // A busy terminal shows the end of its input, ^@, in front.
    assert.match(contained.stdout, /^(\^@)*\/dev\/pts\/0/m);
    assert.match(contained.stdout, /typed::/);
    const shared = await caller(`${folder}/push-input evil`);
    assert.match(shared.stdout, /typed:evil:/, 'a program on the caller’s own terminal types there');
  },
);
