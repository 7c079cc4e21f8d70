// What a container made by the native runtime can see and reach, and what known attacks get: each one has its test.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, test } from 'node:test';
import type { Operation } from '../../src/runc/plan/operations.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const mounts = (config: RuntimeConfig): Record<string, unknown>[] => config.mounts as Record<string, unknown>[];
const statusField = (pid: number, name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.trim() ?? '';

test('the host keeps its mounts: nothing of the container appears in its mount table', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const pid = await place.start(container);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(container.bundle));
  const inside = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n');
  assert.ok(inside.some((line) => line.includes(' / /proc ')));
  assert.ok(
    inside.every((line) => !line.includes('shared:')),
    'no mount of the container is shared',
  );
  assert.equal(readlinkSync(`/proc/${pid}/root`), '/');
});

test('the program has three descriptors, no groups of the caller, no inheritable capability', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const pid = await place.start(container);
  // `start` answers when the barrier is open, a moment before the program is executed.
  await waitUntil(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', { what: 'the program' });
  assert.deepEqual(readdirSync(`/proc/${pid}/fd`).sort(), ['0', '1', '2']);
  assert.equal(statusField(pid, 'Groups'), '');
  assert.equal(statusField(pid, 'CapInh'), '0000000000000000');
  assert.equal(statusField(pid, 'CapAmb'), '0000000000000000');
  assert.equal(statusField(pid, 'NoNewPrivs'), '1');
  assert.equal(statusField(pid, 'SigIgn'), '0000000000000000');
});

test(
  'while it waits the container is executed from a sealed copy, never from the runtime on disk (CVE-2019-5736)',
  root(),
  async () => {
    const container = await place.bundle(['sleep', '1000']);
    assert.equal((await place.create(container)).status, 0);
    const pid = Number((await place.state(container)).pid);
    assert.match(readlinkSync(`/proc/${pid}/exe`), /^\/memfd:tlab-runc/);
    await assert.rejects(
      must('sh', ['-c', `echo x > /proc/${pid}/exe`]),
      /Text file busy|Permission denied|Operation not permitted/,
    );
  },
);

test(
  'links in an image lead nowhere outside: mounts, devices and working directories stay beneath the root',
  root(),
  async () => {
    const victim = `${place.folder}/victim`;
    mkdirSync(victim);
    const container = await place.bundle(
      ['sh', '-c', 'grep -c victim /proc/self/mountinfo; ls -d /out/made /up/dev2'],
      {
        prepare: (rootfs) => {
          symlinkSync(victim, `${rootfs}/out`);
          symlinkSync('../../../../../../..', `${rootfs}/up`);
          mkdirSync(`${rootfs}${victim}`, { recursive: true });
        },
        edit: (config) => {
          mounts(config).push({ destination: '/out/made', type: 'tmpfs', source: 'tmpfs', options: ['size=4k'] });
          config.linux.devices = [{ path: '/up/dev2', type: 'c', major: 1, minor: 3, fileMode: 0o666 }];
        },
      },
    );
    const ran = await place.run(container);
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(readdirSync(victim), [], 'the host directory of the same name is untouched');
    assert.ok(existsSync(`${container.bundle}/rootfs/dev2`), 'the device is in the root');
    assert.equal(existsSync('/dev2'), false);
  },
);

test("a mount on a dangling link of the image makes the link's target, inside the container", root(), async () => {
  const outside = `${place.folder}/outside`;
  mkdirSync(outside);
  const container = await place.bundle(['cat', '/etc/resolv.conf', '/linked/sub/text'], {
    prepare: (rootfs) => {
      mkdirSync(`${rootfs}/etc`, { recursive: true });
      symlinkSync('../run/resolve/stub.conf', `${rootfs}/etc/resolv.conf`);
      symlinkSync(`../../../../../../..${outside}/deep`, `${rootfs}/linked`);
    },
    edit: (config) => {
      const source = `${place.folder}/text`;
      writeFileSync(source, 'here\n');
      for (const destination of ['/etc/resolv.conf', '/linked/sub/text'])
        mounts(config).push({ destination, type: 'bind', source, options: ['bind'] });
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, 'here\nhere\n', ran.stderr);
  assert.deepEqual(readdirSync(outside), []);
});

test('masked files are the null device, masked directories empty, read-only paths refuse writes', root(), async () => {
  const script =
    'wc -c < /proc/keys; ls /sys/firmware | wc -l; echo 1 > /proc/sys/kernel/core_pattern; echo x > /ro/file';
  const container = await place.bundle(['sh', '-c', script], {
    prepare: (rootfs) => mkdirSync(`${rootfs}/ro`),
    edit: (config) => {
      config.linux.maskedPaths = ['/proc/keys', '/sys/firmware', '/does/not/exist'];
      config.linux.readonlyPaths = ['/proc/sys', '/ro', '/neither'];
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, '0\n0\n');
  assert.match(ran.stderr, /core_pattern: Read-only file system/);
  assert.match(ran.stderr, /\/ro\/file: Read-only file system/);
});

test('masks may also be made before the root is changed', root(), async () => {
  const container = await place.bundle(['wc', '-c', '/proc/keys'], {
    change: (operations) => {
      const masks = operations.filter(({ name }) => name === 'mask_path' || name === 'readonly_path');
      const others = operations.filter((operation) => !masks.includes(operation));
      return others.toSpliced(
        others.findIndex(({ name }) => name === 'pivot_root'),
        0,
        ...masks,
      );
    },
  });
  assert.equal((await place.run(container)).stdout, '0 /proc/keys\n');
});

test('a read-only root refuses writes but its tmpfs mounts take them', root(), async () => {
  const container = await place.bundle(['sh', '-c', 'echo a > /dev/shm/a && echo shm; echo a > /a'], {
    edit: (config) => {
      config.root.readonly = true;
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, 'shm\n');
  assert.match(ran.stderr, /can't create \/a: Read-only file system/);
});

test('a tmpfs over a directory made for it is open to everyone, over another one keeps its mode', root(), async () => {
  const container = await place.bundle(['stat', '-c', '%a', '/fresh', '/kept'], {
    prepare: (rootfs) => {
      mkdirSync(`${rootfs}/kept`, { mode: 0o750 });
    },
    edit: (config) => {
      const tmpfs = { type: 'tmpfs', source: 'tmpfs', options: ['size=4k'] };
      mounts(config).push({ destination: '/fresh', ...tmpfs }, { destination: '/kept', ...tmpfs });
    },
  });
  assert.equal((await place.run(container)).stdout, '1777\n750\n');
});

test('a device program on a version 2 cgroup decides over devices', root(), async () => {
  // r0 = access_type; r0 >>= 16; r0 &= BPF_DEVCG_ACC_MKNOD; exit: nodes may be made, none may be opened.
  const program = Uint8Array.from(
    Buffer.from('61100000000000007400000010000000540000000100000095'.padEnd(64, '0'), 'hex'),
  );
  const container = await place.bundle(['cat', '/dev/zero'], {
    change: (operations) => {
      const at = operations.findIndex(({ name }) => name === 'clone');
      const join = operations.find((operation) => operation.name === 'cgroup_join' && operation.actor === 'runtime');
      if (join?.name !== 'cgroup_join') return operations;
      const attach: Operation = {
        name: 'cgroup_devices',
        actor: 'runtime',
        cause: '/linux/resources/devices',
        arguments: { path: join.arguments.path, program },
      };
      return operations.toSpliced(at, 0, attach);
    },
  });
  assert.match((await place.run(container)).stderr, /can't open '\/dev\/zero': Operation not permitted/);
});

test('with a user namespace root inside is the mapped user outside, and devices still work', root(), async () => {
  const container = await place.bundle(
    ['sh', '-c', 'id -u; cat /proc/self/uid_map; echo x > /dev/null && echo null; exec sleep 1000'],
    {
      edit: (config) => {
        (config.linux.namespaces as unknown[]).push({ type: 'user' });
        config.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
        config.linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
        config.mounts = mounts(config).filter(({ destination }) => destination !== '/sys/fs/cgroup');
      },
    },
  );
  await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  await must('chmod', ['755', place.folder]);
  const pid = await place.start(container);
  await waitUntil(() => container.output().includes('null\n'), { what: 'the program' });
  assert.match(container.output(), /^0\n\s+0\s+100000\s+65536\nnull\n$/);
  assert.equal(statusField(pid, 'Uid').split('\t')[0], '100000');
});

test('the terminal comes from the container’s own devpts and goes to the console socket', root(), async () => {
  const receiver = `${place.folder}/console-receive`;
  const source = new URL('console-receive.c', import.meta.url).pathname;
  await must('gcc', ['-o', receiver, source]);
  const container = await place.bundle(['sh', '-c', 'tty; test -c /dev/console && echo console; echo done'], {
    edit: (config) => {
      config.process.terminal = true;
    },
  });
  assert.match((await place.create(container)).stderr, /--console-socket must be given/);
  const socket = `${container.bundle}/tty.sock`;
  const receiving = start(receiver, [socket], { log: openSync(`${container.bundle}/terminal`, 'w') });
  await waitUntil(() => existsSync(socket), { what: 'the console socket' });
  const created = await place.create(container, '--console-socket', socket);
  assert.equal(created.status, 0, created.stderr);
  await place.runc(['start', container.id]);
  await receiving.ended;
  assert.equal(readFileSync(`${container.bundle}/terminal`, 'utf8'), '/dev/pts/0\r\nconsole\r\ndone\r\n');
});

test(
  'run in the foreground relays the terminal, its size and its input, and gives the exit status',
  root(),
  async () => {
    const container = await place.bundle(['sh', '-c', 'stty size; read line; echo "got $line"; exit 6'], {
      edit: (config) => {
        config.process.terminal = true;
      },
    });
    const program = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
    const command = `stty cols 77 rows 22; ${program} --root ${place.root} run --bundle ${container.bundle} ${container.id}`;
    const ran = await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], { input: 'hello\n' });
    assert.equal(ran.status, 6);
    assert.match(ran.stdout, /22 77\r\n/);
    assert.match(ran.stdout, /got hello\r\n/);
  },
);

test('descriptors are kept when they are asked for and open, refused when they are not', root(), async () => {
  const container = await place.bundle(['true']);
  assert.match((await place.create(container, '--preserve-fds', '90')).stderr, /descriptor \d+ is not open/);
});

test('a plan that is cut, newer or of another document is refused before anything is made', root(), async () => {
  const container = await place.bundle(['true']);
  const [name = ''] = readdirSync(`${container.bundle}/plans`);
  const file = `${container.bundle}/plans/${name}`;
  const plan = readFileSync(file);
  const refusal = async (bytes: Uint8Array): Promise<string> => {
    writeFileSync(file, bytes);
    const { status, stderr } = await place.create(container);
    assert.equal(status, 1);
    assert.equal(existsSync(`${place.root}/${container.id}`), false);
    return stderr;
  };
  const changed = (at: number): Uint8Array => plan.map((byte, i) => (i === at ? byte ^ 0x55 : byte));
  assert.match(await refusal(plan.subarray(0, plan.length - 1)), /its length is not the one it states/);
  assert.match(await refusal(plan.subarray(0, 10)), /it does not begin as a plan/);
  assert.match(await refusal(changed(8)), /version \d+, this tlab-runc reads 1/);
  assert.match(await refusal(changed(20)), /it was compiled from another document/);
  assert.match(await refusal(changed(52)), /counts are out of bounds|is malformed|bytes follow/);
});

test('the plan reader survives every truncation and random changes under the sanitizers', async () => {
  const container = await place.bundle(['true']);
  const driver = `${place.folder}/plan-decode`;
  const native = new URL('../../native/runc/', import.meta.url).pathname;
  const common = ['names', 'sha256', 'utf8'].map((name) => `../common/${name}.c`);
  const sources = ['plan.c', 'failure.c', ...common].map((name) => native + name);
  const flags = ['-std=c17', '-D_GNU_SOURCE', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  await must('gcc', [...flags, '-o', driver, new URL('plan-decode.c', import.meta.url).pathname, ...sources]);
  const [name = ''] = readdirSync(`${container.bundle}/plans`);
  copyFileSync(`${container.bundle}/plans/${name}`, `${place.folder}/plan`);
  assert.equal(await must(driver, [`${place.folder}/plan`, '3000']), 'whole 1 cut 0 changed 1');
});

test('the host’s null device is what it was', () => {
  const status = statSync('/dev/null');
  assert.ok(status.isCharacterDevice());
  assert.equal(status.mode & 0o777, 0o666);
});
