// Namespaces that a container joins by path, in create and in exec: whose they are, who owns what is made beside them, and that the
// runtime itself stays on the host. Needs root, runc (for its default config.json) and busybox-static.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());
if (root().skip === false) chmodSync(place.folder, 0o755);

type Namespace = { type: string; path?: string };
const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
const files: Record<string, string> = { network: 'net', mount: 'mnt' };
const linkOf = (pid: number, type: string): string => readlinkSync(`/proc/${pid}/ns/${files[type] ?? type}`);

/** The default namespaces, those in `joined` by the path of process `pid`. */
function namespacesOf(joined: readonly string[], pid: number): Namespace[] {
  const types = [...new Set(['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', ...joined])];
  return types.map((type) =>
    joined.includes(type) ? { type, path: `/proc/${pid}/ns/${files[type] ?? type}` } : { type },
  );
}

async function ownedBundle(args: string[], edit: (config: RuntimeConfig) => void): Promise<TestContainer> {
  const container = await place.bundle(args, { edit });
  await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  return container;
}

/** A container with a user namespace of its own. */
async function userContainer(): Promise<number> {
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    Object.assign(config.linux, {
      namespaces: [...namespacesOf([], 0), { type: 'user' }],
      uidMappings: map,
      gidMappings: map,
    });
  });
  return place.start(container);
}

test('a user namespace is joined by path: root is its id 0, and it owns what is made beside it', root(), async () => {
  const first = await userContainer();
  const container = await ownedBundle(
    ['sh', '-c', 'mount -t tmpfs none /mnt 2>/dev/null; hostname joined && hostname; id -u; sleep 1000'],
    (config) => {
      config.linux.namespaces = namespacesOf(['user'], first);
      delete config.hostname;
      Object.assign(config.process, {
        capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'], permitted: ['CAP_SYS_ADMIN'] },
      });
    },
  );
  const pid = await place.start(container);
  assert.equal(linkOf(pid, 'user'), linkOf(first, 'user'));
  for (const type of ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'])
    assert.notEqual(linkOf(pid, type), linkOf(first, type), type);
  assert.match(readFileSync(`/proc/${pid}/uid_map`, 'utf8'), /^\s*0\s+100000\s+65536\n$/);
  // The program may change its host name: the uts namespace belongs to its user namespace.
  const ran = await place.exec(container, {
    args: ['sh', '-c', 'hostname; id -u; ls -ln /dev/mqueue -d; readlink /proc/self/ns/user'],
  });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(
    ran.stdout,
    new RegExp(`^joined\n0\n\\S+ +\\S+ +0 +0 .*\n${linkOf(first, 'user').replace(/[[\]]/g, '\\$&')}\n$`),
  );
});

test('pid, network, ipc, uts and cgroup are joined beside a user namespace that is joined too', root(), async () => {
  const first = await userContainer();
  const joined = ['user', 'pid', 'network', 'ipc', 'uts', 'cgroup'];
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    config.linux.namespaces = namespacesOf(joined, first);
    delete config.hostname;
  });
  const pid = await place.start(container);
  for (const type of joined) assert.equal(linkOf(pid, type), linkOf(first, type), type);
  const ran = await place.exec(container, { args: ['ps', '-o', 'pid,args'] });
  assert.match(ran.stdout, / 1 sleep 1000\n/, ran.stderr);
});

/** More lines than a read of a map gives at once, that is a page. */
const longMap = Array.from({ length: 200 }, (_, index) => ({
  containerID: index,
  hostID: 100000 + 2 * index,
  size: 1,
}));

test('the maps of a user namespace that is joined are compared to their end', root(), async () => {
  const withMap =
    (path: string | undefined, mappings: typeof longMap) =>
    (config: RuntimeConfig): void => {
      const namespaces = [...namespacesOf([], 0), { type: 'user', ...(path && { path }) }];
      Object.assign(config.linux, { namespaces, uidMappings: mappings, gidMappings: longMap });
    };
  const first = await place.start(await ownedBundle(['sleep', '1000'], withMap(undefined, longMap)));
  const path = `/proc/${first}/ns/user`;
  const same = await place.start(await ownedBundle(['sleep', '1000'], withMap(path, longMap)));
  assert.equal(linkOf(same, 'user'), linkOf(first, 'user'));
  const other = longMap.with(-1, { containerID: 199, hostID: 200000, size: 1 });
  const refused = await place.create(await ownedBundle(['true'], withMap(path, other)));
  assert.match(
    refused.stderr,
    /its uid_map is not the map that config\.json says \(config\.json \/linux\/uidMappings\)/,
  );
});

test('a host that refuses a user namespace is named with its own error', root(), async () => {
  const container = await ownedBundle(['true'], (config) => {
    const namespaces = [...namespacesOf([], 0), { type: 'user' }];
    Object.assign(config.linux, { namespaces, uidMappings: map, gidMappings: map });
  });
  const elsewhere = `${place.folder}/elsewhere`;
  mkdirSync(elsewhere);
  // Whoever has changed his root may not make one. @source man unshare(2) EPERM
  const words = ['--root', place.root, 'create', '--bundle', container.bundle, container.id];
  const script = `mount --rbind / ${elsewhere} && exec chroot ${elsewhere} ${binaries}/tlab-runc ${words.join(' ')}`;
  const ran = await run('unshare', ['--mount', 'sh', '-c', script]);
  assert.match(ran.stderr, /in a user namespace: clone3\(2\): EPERM operation not permitted: .*chroot of the caller/);
  assert.equal(ran.status, 1);
});

test("beside a user namespace of its own the host's namespaces are joined by path", root(), async () => {
  const other = await place.start(await place.bundle(['sleep', '1000']));
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    const namespaces = [...namespacesOf(['network', 'pid'], other), { type: 'user' }];
    Object.assign(config.linux, { namespaces, uidMappings: map, gidMappings: map });
    config.mounts = (config.mounts as { destination: string }[]).filter(
      ({ destination }) => !/^.(sys|proc)/.test(destination),
    );
    Object.assign(config.linux, { maskedPaths: [], readonlyPaths: [] });
  });
  const pid = await place.start(container);
  for (const type of ['network', 'pid']) assert.equal(linkOf(pid, type), linkOf(other, type), type);
  assert.notEqual(linkOf(pid, 'user'), linkOf(other, 'user'));
  const ran = await place.exec(container, { args: ['id', '-u'] });
  assert.equal(ran.stdout, '0\n', ran.stderr);
});

test('with a joined pid namespace the hooks of the runtime stay in that of the host', root(), async () => {
  const other = await place.start(await place.bundle(['sleep', '1000']));
  const out = `${place.folder}/pid-of-hook`;
  const hook = `${place.folder}/hook`;
  writeFileSync(hook, `#!/bin/sh\nreadlink /proc/self/ns/pid > ${out}\n`, { mode: 0o755 });
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      config.linux.namespaces = namespacesOf(['pid'], other);
      config.hooks = { createRuntime: [{ path: hook }] };
    },
  });
  const pid = await place.start(container);
  assert.equal(linkOf(pid, 'pid'), linkOf(other, 'pid'));
  assert.equal(readFileSync(out, 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
});

test('a path of another kind of namespace, or of none, is refused before a process exists', root(), async () => {
  for (const [path, needed] of [
    ['/proc/self/ns/net', 'it is not a namespace of the wanted type'],
    ['/etc/hostname', 'it is not a namespace of the wanted type'],
    ['/does/not/exist', 'ENOENT'],
  ] as const) {
    const container = await place.bundle(['true'], {
      edit: (config) => {
        config.linux.namespaces = [...namespacesOf([], 0), { type: 'user', path }];
      },
    });
    assert.match((await place.create(container)).stderr, new RegExp(`joining namespace "${path}".*${needed}`));
    assert.deepEqual(place.cgroups(container), []);
  }
});

/** Nothing that takes a mount. */
const mountLines = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');

function withoutMounts(config: RuntimeConfig): void {
  Object.assign(config, { mounts: [] });
  Object.assign(config.linux, { maskedPaths: [], readonlyPaths: [] });
}

test(
  'without a mount namespace of its own a container is in that of its caller, with its own root, and mounts nothing',
  root(),
  async () => {
    const before = mountLines();
    const container = await place.bundle(['sh', '-c', 'ls -d /bin /var/tmp 2>&1; pwd; exec sleep 1000'], {
      edit: (config) => {
        withoutMounts(config);
        config.linux.namespaces = namespacesOf([], 0).filter(({ type }) => type !== 'mount');
        config.linux.devices = [{ path: '/dev/zero', type: 'c', major: 1, minor: 5 }];
      },
    });
    const pid = await place.start(container);
    await waitUntil(() => container.output().endsWith('/\n'), { what: 'the program' });
    assert.match(container.output(), /^ls: \/var\/tmp: No such file or directory\n\/bin\n\/\n$/);
    assert.equal(linkOf(pid, 'mount'), readlinkSync('/proc/self/ns/mnt'));
    assert.equal(readlinkSync(`/proc/${pid}/root`), `${container.bundle}/rootfs`);
    const ran = await place.exec(container, { args: ['ls', '/dev', '/'] });
    assert.match(ran.stdout, /^\/:\nbin\n(.*\n)*\n\/dev:\nzero\n$/, ran.stderr);
    // Other tests have engines on this host, which mount below their own temporary folders.
    const others = (line: string): boolean => / \/(var\/)?tmp\//.test(line) && !line.includes(container.bundle);
    assert.deepEqual(
      mountLines().filter((line) => !before.includes(line) && !others(line)),
      [],
    );
  },
);

test(
  'a mount namespace is joined by path: the root is a path in it, and the hooks of the runtime stay outside',
  root(),
  async () => {
    const mounted = `${place.folder}/mounted`;
    mkdirSync(mounted);
    const busybox = `mount -t tmpfs tmpfs ${mounted} && mkdir ${mounted}/bin && cp /bin/busybox ${mounted}/bin/sh`;
    const holder = start('unshare', ['--mount', 'sh', '-c', `${busybox} && exec sleep 1000`]);
    try {
      const cmdline = (): string => readFileSync(`/proc/${holder.pid}/cmdline`, 'utf8');
      await waitUntil(() => cmdline().startsWith('sleep'), { what: 'the mount namespace' });
      const hook = `${place.folder}/mount-hook`;
      writeFileSync(hook, `#!/bin/sh\nls ${mounted} > ${hook}.out\n`, { mode: 0o755 });
      const container = await place.bundle(['sh', '-c', 'echo /*; while :; do read line; done'], {
        edit: (config) => {
          withoutMounts(config);
          config.linux.namespaces = namespacesOf(['mount'], holder.pid);
          config.root.path = mounted;
          config.hooks = { createRuntime: [{ path: hook }] };
        },
      });
      const pid = await place.start(container);
      await waitUntil(() => container.output() !== '', { what: 'the program' });
      assert.equal(container.output(), '/bin\n');
      assert.equal(linkOf(pid, 'mount'), linkOf(holder.pid, 'mount'));
      assert.equal(readFileSync(`${hook}.out`, 'utf8'), '');
      assert.equal((await place.exec(container, { args: ['sh', '-c', 'echo /*'] })).stdout, '/bin\n');
    } finally {
      await holder.stop();
    }
  },
);

/** Seconds since boot, as a program in the container reads them. */
const uptime = (text: string): number => Number(text.split(' ')[0]);
const day = 86400;

for (const withUser of [false, true]) {
  const title = `a time namespace ${withUser ? 'beside a user namespace ' : ''}has the clocks of timeOffsets, for exec and for who joins it too`;
  test(title, root(), async () => {
    const edit = (config: RuntimeConfig): void => {
      config.linux.namespaces = [...namespacesOf([], 0), { type: 'time' }, ...(withUser ? [{ type: 'user' }] : [])];
      config.linux.timeOffsets = { boottime: { secs: 10 * day, nanosecs: 500 }, monotonic: { secs: 20 * day } };
      if (withUser) Object.assign(config.linux, { uidMappings: map, gidMappings: map });
    };
    const args = ['sh', '-c', 'cat /proc/uptime; exec sleep 1000'];
    const container = await (withUser ? ownedBundle(args, edit) : place.bundle(args, { edit }));
    const pid = await place.start(container);
    const host = uptime(readFileSync('/proc/uptime', 'utf8'));
    const isShifted = (text: string): boolean => Math.abs(uptime(text) - host - 10 * day) < 60;
    await waitUntil(() => container.output() !== '', { what: 'the program' });
    assert.ok(isShifted(container.output()), container.output());
    assert.match(
      readFileSync(`/proc/${pid}/timens_offsets`, 'utf8'),
      /^monotonic +1728000 +0\nboottime +864000 +500\n$/,
    );
    assert.equal(linkOf(pid, 'time'), linkOf(pid, 'time_for_children'));
    const ran = await place.exec(container, { args: ['cat', '/proc/uptime'] });
    assert.ok(isShifted(ran.stdout), ran.stderr + ran.stdout);
    const second = await ownedBundle(['cat', '/proc/uptime'], (config) => {
      config.linux.namespaces = namespacesOf(withUser ? ['time', 'user'] : ['time'], pid);
    });
    const joined = await place.run(second);
    assert.ok(isShifted(joined.stdout), joined.stderr + joined.stdout);
  });
}

test('hooks in the container have its clocks, those of the runtime have the clocks of the host', root(), async () => {
  const out = `${place.folder}/uptimes`;
  const hook = `${place.folder}/uptime-hook`;
  writeFileSync(hook, `#!/bin/sh\necho "$1 $(cat /proc/uptime)" >> ${out}\n`, { mode: 0o755 });
  const container = await place.bundle(['true'], {
    edit: (config) => {
      config.linux.namespaces = [...namespacesOf([], 0), { type: 'time' }];
      config.linux.timeOffsets = { boottime: { secs: 10 * day } };
      config.hooks = Object.fromEntries(
        ['createRuntime', 'createContainer'].map((phase) => [phase, [{ path: hook, args: ['hook', phase] }]]),
      );
    },
  });
  assert.equal((await place.run(container)).status, 0);
  const [first = '', second = ''] = readFileSync(out, 'utf8').trim().split('\n');
  assert.match(first, /^createRuntime /);
  const shift = uptime(second.split(' ')[1] ?? '') - uptime(first.split(' ')[1] ?? '');
  assert.ok(Math.abs(shift - 10 * day) < 60, `${first}\n${second}`);
});

test('an offset that would turn a clock below zero is an error of its own line', root(), async () => {
  const container = await place.bundle(['true'], {
    edit: (config) => {
      config.linux.namespaces = [...namespacesOf([], 0), { type: 'time' }];
      config.linux.timeOffsets = { boottime: { secs: -1000 * day } };
    },
  });
  const { stderr } = await place.create(container);
  assert.match(
    stderr,
    /setting the clocks of the time namespace to "boottime -86400000 0": write\(2\): ERANGE .*\(config.json \/linux\/timeOffsets\)/,
  );
});
