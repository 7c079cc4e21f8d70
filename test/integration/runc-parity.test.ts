// The same bundle under tlab-runc and under the real runc: what the program sees of itself must be the same.
// Needs root, runc, busybox-static and dist/bin/tlab-runc (npm run build).
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { compileBundle } from '../../src/runc/compile.ts';
import { readHostFacts } from '../../src/runc/host/facts.ts';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { type Edit, parityPlace } from '../helpers/parity.ts';
import { root } from '../helpers/root.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const dockerConfig = new URL('../fixtures/docker-20.10/oci-config.json', import.meta.url).pathname;
const { folder, env, id, cgroupsPath, own, underBoth, mountsOf } = parityPlace();

const version1Only = (): { skip: string | false } =>
  root().skip === false && !existsSync('/sys/fs/cgroup/memory') ? { skip: 'needs version 1 hierarchies' } : root();

/** A created container keeps the caller's streams open, so it gets none. */
const create = (runtime: string, args: readonly string[]): Promise<void> => start(runtime, args, { env }).ended;

function chownTree(path: string, owner: number): void {
  lchownSync(path, owner, owner);
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    lchownSync(`${entry.parentPath}/${entry.name}`, owner, owner);
}

/** On a version 2 host the default config.json has one already. */
function ownCgroupNamespace({ linux }: RuntimeConfig): void {
  const namespaces = linux.namespaces as { type: string }[];
  if (!namespaces.some(({ type }) => type === 'cgroup')) namespaces.push({ type: 'cgroup' });
}

/** Our masks are stricter: nosuid, nodev, noexec and no room. */
const isMask = (line: string): boolean =>
  / \| (\/proc\/acpi|\/proc\/scsi|\/proc\/asound|\/sys\/firmware) \| /.test(line);

const variants: readonly [title: string, edit: Edit][] = [
  ['the default config.json', () => undefined],
  [
    "Docker's config.json",
    (config) => {
      const docker = JSON.parse(readFileSync(dockerConfig, 'utf8')) as RuntimeConfig;
      const { resources: _resources, sysctl: _sysctl, cgroupsPath: _path, ...linux } = docker.linux;
      config.process = { ...docker.process, args: config.process.args };
      config.mounts = (docker.mounts as { source: string }[]).filter(({ source }) => !source.startsWith('/'));
      config.linux = { ...linux, cgroupsPath, sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' } };
    },
  ],
  [
    'a user of its own, groups, umask, no_new_privs, a cgroup namespace and binds',
    (config) => {
      Object.assign(config.process, {
        user: { uid: 1000, gid: 1001, additionalGids: [5, 6], umask: 0o77 },
        cwd: '/tmp',
        env: ['PATH=/bin', 'A=b c'],
      });
      ownCgroupNamespace(config);
      (config.mounts as unknown[]).push(
        { destination: '/data', source: folder, type: 'bind', options: ['rbind', 'ro', 'nosuid', 'rslave'] },
        { destination: '/tmpfs', source: 'tmpfs', type: 'tmpfs', options: ['size=1m', 'mode=1777', 'ro'] },
        { destination: '/etc/made', source: '/etc/hostname', type: 'bind', options: ['bind'] },
      );
      config.linux.rootfsPropagation = 'rprivate';
    },
  ],
];

for (const [index, [title, edit]] of variants.entries()) {
  test(`mounts are those of runc: ${title}`, root(), async () => {
    const { ours, theirs } = await underBoth(`mounts${index}`, 'cat /proc/self/mountinfo', edit);
    const both = [ours, theirs].map((text) => mountsOf(text).filter((line) => !isMask(line)));
    assert.deepEqual(both[0], both[1]);
    assert.deepEqual(mountsOf(ours).filter(isMask).length, mountsOf(theirs).filter(isMask).length);
  });

  test(`identity, limits, devices and names are those of runc: ${title}`, root(), async () => {
    const script = `grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Umask)' /proc/self/status; cat /proc/self/limits; ls -lan /dev | grep -v total; ls /proc/self/fd;
      cat /proc/self/cgroup; hostname; env | sort; id; pwd; cat /proc/self/oom_score_adj; cat /proc/net/dev | grep -c :; ps -o sid,pgid; readlink /proc/self/ns/cgroup | cut -c1-6`;
    const { ours, theirs } = await underBoth(`identity${index}`, script, edit);
    const plain = (text: string): string[] =>
      text.split('\n').map((line) => line.replace(/\w{3} +\d+ \d\d:\d\d/, 'date'));
    assert.deepEqual(plain(ours), plain(theirs));
  });
}

const userScript = `id; cat /proc/self/uid_map /proc/self/gid_map; ls -lan /dev | grep -v mqueue; cat /proc/self/cgroup; grep Cap /proc/self/status; cat /proc/self/mountinfo; touch /x; rm /x`;
const userMap = [{ containerID: 0, hostID: 100000, size: 65536 }];

/** What both have written, without dates and masks. */
const withoutDates = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => (line.includes(' - ') ? (mountsOf(line)[0] ?? '') : line.replace(/\w{3} +\d+ \d\d:\d\d/, 'date')))
    .filter((line) => !isMask(line));

test('a container in a user namespace of its own is that of runc', root(), async () => {
  chmodSync(folder, 0o755);
  const { ours, theirs } = await underBoth('user', userScript, (config) => {
    (config.linux.namespaces as { type: string }[]).push({ type: 'user' });
    Object.assign(config.linux, { uidMappings: userMap, gidMappings: userMap });
    config.root.readonly = false;
    chownTree(`${folder}/user/rootfs`, 100000);
  });
  assert.deepEqual(withoutDates(ours), withoutDates(theirs));
  assert.match(ours, /uid=0/);
});

test(
  'a container that joins a user namespace, a cgroup namespace or others by path is that of runc',
  root(),
  async () => {
    chmodSync(folder, 0o755);
    const holder = start('unshare', ['--user', '--ipc', '--uts', '--cgroup', '--net', 'sleep', '1000']);
    const at = (type: string, file = type) => ({ type, path: `/proc/${holder.pid}/ns/${file}` });
    try {
      const started = (): boolean => readFileSync(`/proc/${holder.pid}/cmdline`, 'utf8').startsWith('sleep');
      await waitUntil(started, { what: 'the namespaces' });
      for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${file}`, '0 100000 65536\n');
      const { ours, theirs } = await underBoth(
        'joined',
        `${userScript}; ls -l /proc/self/ns | sed "s/.*-> //"`,
        (config) => {
          config.linux.namespaces = [
            { type: 'mount' },
            at('user'),
            at('ipc'),
            at('uts'),
            at('network', 'net'),
            { type: 'pid' },
          ];
          // runc 1.1 wants the maps of the joined namespace, runc 1.2 and the spec do not.
          Object.assign(config.linux, { uidMappings: userMap, gidMappings: userMap });
          delete config.hostname;
          config.root.readonly = false;
          chownTree(`${folder}/joined/rootfs`, 100000);
        },
      );
      const plain = (text: string): string[] =>
        withoutDates(text).map((line) => line.replace(/^(mnt|pid|pid_for_children):.*/, '$1'));
      assert.deepEqual(plain(ours), plain(theirs));
      assert.match(ours, new RegExp(`user:\\[${statSync(`/proc/${holder.pid}/ns/user`).ino}\\]`));
    } finally {
      await holder.stop();
    }
  },
);

test('a version 2 cgroup with a device program, limits and a namespace of its own', root(), async (context) => {
  const host = readHostFacts();
  const { v2 } = host.cgroups;
  if (v2 === undefined) return context.skip('needs a mounted version 2 hierarchy');
  if (!readFileSync(`${v2}/cgroup.controllers`, 'utf8').includes('hugetlb'))
    return context.skip('needs hugetlb on version 2');
  const handedDown = readFileSync(`${v2}/cgroup.subtree_control`, 'utf8').trim();
  const bundle = `${folder}/version2`;
  const script = `cat /proc/self/cgroup | tail -1; cat /sys/fs/cgroup/hugetlb.2MB.max; head -c 1 /dev/zero | od -An -c;
    mknod /dev/log c 1 11; head -c 1 /dev/log 2>&1; mknod /dev/own c 1 5; head -c 1 /dev/own | od -An -c`;
  await makeBundle(bundle, {
    args: ['sh', '-c', script],
    edit: (config) => {
      config.linux.cgroupsPath = cgroupsPath;
      ownCgroupNamespace(config);
      config.linux.resources = {
        devices: [{ allow: false, access: 'rwm' }],
        hugepageLimits: [{ pageSize: '2MB', limit: 4194304 }],
      };
      const { capabilities } = config.process as unknown as { capabilities: Record<string, string[]> };
      for (const set of ['bounding', 'permitted', 'effective']) capabilities[set]?.push('CAP_MKNOD');
    },
  });
  try {
    const config = readFileSync(`${bundle}/config.json`, 'utf8');
    const { bytes, sha256 } = compileBundle({ id, bundle, config, host: { ...host, cgroups: { v1: [], v2 } } });
    mkdirSync(`${bundle}/plans`);
    writeFileSync(`${bundle}/plans/${sha256}.plan`, bytes, { mode: 0o600 });
    const output = await must(own, ['--root', `${folder}/own`, 'run', '--bundle', bundle, id], { env });
    assert.deepEqual(
      output.split('\n').map((line) => line.trim()),
      ['0::/', '4194304', '\\0', 'head: /dev/log: Operation not permitted', '\\0'],
    );
  } finally {
    await run('rmdir', [`${v2}/tlab-parity`]);
    if (handedDown === '') writeFileSync(`${v2}/cgroup.subtree_control`, '-hugetlb');
  }
});

test('every cgroup file has the value that runc gives it', version1Only(), async () => {
  const bundle = `${folder}/cgroups`;
  await makeBundle(bundle, {
    edit: (config) => {
      config.linux.cgroupsPath = cgroupsPath;
      config.linux.resources = {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
        ],
        memory: { limit: 67108864, swap: 134217728, reservation: 33554432, swappiness: 10 },
        cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0', mems: '0' },
        pids: { limit: 42 },
      };
    },
  });
  const read = async (runtime: string, state: string): Promise<string[]> => {
    await create(runtime, ['--root', state, 'create', '--bundle', bundle, id]);
    try {
      const files = [
        'memory/memory.limit_in_bytes',
        'memory/memory.memsw.limit_in_bytes',
        'memory/memory.soft_limit_in_bytes',
        'memory/memory.swappiness',
        'cpu/cpu.shares',
        'cpu/cpu.cfs_quota_us',
        'cpu/cpu.cfs_period_us',
        'cpuset/cpuset.cpus',
        'cpuset/cpuset.mems',
        'pids/pids.max',
        'devices/devices.list',
      ];
      return files.flatMap((file) => {
        const [hierarchy = '', name = ''] = file.split('/');
        return readFileSync(`/sys/fs/cgroup/${hierarchy}${cgroupsPath}/${name}`, 'utf8')
          .trim()
          .split('\n')
          .map((line) => `${name} ${line}`)
          .sort();
      });
    } finally {
      await must(runtime, ['--root', state, 'delete', '--force', id], { env });
    }
  };
  const theirs = await read('runc', `${folder}/real`);
  const ours = await read(own, `${folder}/own`);
  assert.deepEqual(
    ours,
    theirs.filter((line) => line !== 'devices.list c 10:200 rwm'),
  );
  assert.ok(!existsSync(`/sys/fs/cgroup/memory${cgroupsPath}`));
});

test('slow verbs work on a running container as those of runc', version1Only(), async () => {
  const bundle = `${folder}/verbs`;
  await makeBundle(bundle, {
    args: ['sleep', '1000'],
    edit: (config) => {
      config.linux.cgroupsPath = cgroupsPath;
    },
  });
  const state = `${folder}/own`;
  const tlab = (...args: string[]): Promise<string> => must(own, ['--root', state, ...args], { env });
  await create(own, ['--root', state, 'create', '--bundle', bundle, '--pid-file', `${folder}/pid`, id]);
  try {
    const list = async () =>
      JSON.parse(await tlab('list', '-f', 'json')) as { id: string; status: string; pid: number }[];
    assert.deepEqual(
      (await list()).map(({ status }) => status),
      ['created'],
    );
    await tlab('start', id);
    const pid = Number(readFileSync(`${folder}/pid`, 'utf8'));
    assert.deepEqual(
      (await list()).map((entry) => [entry.id, entry.status, entry.pid]),
      [[id, 'running', pid]],
    );
    assert.equal(await tlab('list', '-q'), id);
    assert.deepEqual(JSON.parse(await tlab('ps', '-f', 'json', id)), [pid]);
    assert.match(await tlab('ps', id), /sleep 1000/);

    await tlab('update', '--memory', '64m', '--memory-swap', '128m', '--cpu-quota', '20000', '--pids-limit', '7', id);
    const value = (file: string): string =>
      readFileSync(`/sys/fs/cgroup/${file.split('.')[0]}${cgroupsPath}/${file}`, 'utf8').trim();
    assert.deepEqual(
      ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpu.cfs_quota_us', 'pids.max'].map(value),
      ['67108864', '134217728', '20000', '7'],
    );
    await tlab('update', '--memory', '256m', '--memory-swap', '512m', id);
    assert.equal(value('memory.limit_in_bytes'), '268435456');

    const stats = JSON.parse(await tlab('events', '--stats', id)) as {
      type: string;
      data: { pids: { current: number; limit: number }; memory: { usage: { limit: number; usage: number } } };
    };
    assert.deepEqual(
      [stats.type, stats.data.pids, stats.data.memory.usage.limit],
      ['stats', { current: 1, limit: 7 }, 268435456],
    );
    assert.ok(stats.data.memory.usage.usage > 0);

    await tlab('pause', id);
    assert.deepEqual(
      (await list()).map(({ status }) => status),
      ['paused'],
    );
    await tlab('resume', id);
    await tlab('kill', id, 'KILL');
  } finally {
    await tlab('delete', '--force', id);
  }
  assert.equal(await tlab('list', '-q'), '');
});

test('a config.json that cannot be compiled leaves nothing behind and says why in the log', root(), async () => {
  const bundle = `${folder}/bad`;
  await makeBundle(bundle, {
    edit: (config) => {
      config.linux.cgroupsPath = cgroupsPath;
      config.linux.intelRdt = {};
    },
  });
  const ran = await run(
    own,
    ['--root', `${folder}/own`, '--log', `${folder}/log`, '--log-format', 'json', 'create', '--bundle', bundle, id],
    { env },
  );
  assert.notEqual(ran.status, 0);
  assert.equal(ran.stderr, '');
  const line = JSON.parse(readFileSync(`${folder}/log`, 'utf8').trim().split('\n')[0] ?? '') as {
    level: string;
    msg: string;
  };
  assert.deepEqual(
    [line.level, line.msg],
    ['error', 'config.json /linux/intelRdt: intelRdt is not supported by tlab-runc'],
  );
  assert.ok(!existsSync(`${folder}/own/${id}`));
});
