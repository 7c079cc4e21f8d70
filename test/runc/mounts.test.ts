import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MountSpec } from '../../src/oci/runtime.ts';
import { MOUNT_ATTR, MS } from '../../src/runc/compile/flags.ts';
import { knownMountOptions, parseMountOptions } from '../../src/runc/compile/mount-options.ts';
import { bringsOwnDev, lateRemounts, mountOperations, resolveMounts } from '../../src/runc/compile/mounts.ts';
import { brief, comounted, contextWith, named, version2 } from './host.ts';

const namespaces = [{ type: 'mount' as const }];
const compile = (
  mounts: MountSpec[],
  extra: Parameters<typeof contextWith>[1] = {},
  types: ('mount' | 'cgroup')[] = ['mount'],
) => {
  const context = contextWith({ mounts, linux: { namespaces: types.map((type) => ({ type })) } }, extra);
  return mountOperations(context, resolveMounts(context));
};

test('every option of the spec and of runc is known', () => {
  assert.equal(knownMountOptions.length, 64);
  assert.deepEqual(parseMountOptions(['tmpcopyup', 'ridmap']), {
    ...parseMountOptions([]),
    copiesUp: true,
    idMapping: 'ridmap',
  });
});

test('remount without bind changes a file system that was mounted before it, with bind the one mount', () => {
  const tmpfs: MountSpec = { destination: '/x', type: 'tmpfs', source: 'tmpfs', options: ['size=4k'] };
  const mounts = compile([
    tmpfs,
    { ...tmpfs, options: ['remount', 'ro', 'size=8k'] },
    { destination: '/x', options: ['bind', 'remount', 'nosuid'] },
  ]);
  assert.deepEqual(
    named(mounts, 'mount').map(({ fstype, flags, data }) => [fstype, flags, data]),
    [
      ['tmpfs', 0, 'size=4k'],
      ['tmpfs', MS.REMOUNT | MS.RDONLY, 'size=8k'],
      ['', MS.REMOUNT | MS.BIND | MS.NOSUID, ''],
    ],
  );
});

test('a tmpfs that copies up is one operation', () => {
  const mounts = compile([{ destination: '/x', type: 'tmpfs', options: ['tmpcopyup', 'ro', 'size=1m', 'private'] }]);
  assert.deepEqual(named(mounts, 'tmpfs_copy_up'), [
    { source: 'tmpfs', target: '/x', flags: 0, data: 'size=1m', propagation: MS.PRIVATE },
  ]);
});

test('later options win over earlier ones', () => {
  assert.deepEqual(parseMountOptions(['ro', 'nosuid', 'rw', 'suid', 'nodev']), {
    flags: MS.NODEV,
    propagation: [],
    attributesSet: 0,
    attributesCleared: 0,
    data: [],
  });
});

test("words that are no flags are the filesystem's own, in order", () => {
  const options = parseMountOptions(['size=64k', 'nodev', 'mode=1777', '__proto__', 'constructor']);
  assert.deepEqual(options.data, ['size=64k', 'mode=1777', '__proto__', 'constructor']);
});

test('recursive attributes set in the low half, clear in the high half; access times clear their whole field', () => {
  const [mount] = named(
    compile([{ destination: '/x', source: '/y', options: ['rbind', 'rro', 'rnoatime', 'rsuid'] }]),
    'mount',
  );
  const set = BigInt(MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOATIME);
  const cleared = BigInt(MOUNT_ATTR.ATIME_FIELD | MOUNT_ATTR.NOSUID);
  assert.equal(mount?.recursiveAttributes, set | (cleared << 32n));
});

test('a bind with flags is a bind and a remount, and propagation comes last', () => {
  const [bind, remount, ...rest] = named(
    compile([{ destination: '/x', source: 'data', options: ['rbind', 'ro', 'rprivate'] }]),
    'mount',
  );
  assert.deepEqual([bind?.source, bind?.flags, bind?.propagation], ['/bundle/data', MS.BIND | MS.REC, 0]);
  assert.deepEqual([remount?.flags, remount?.propagation], [MS.BIND | MS.REMOUNT | MS.RDONLY, MS.PRIVATE | MS.REC]);
  assert.equal(rest.length, 0);
});

test('a plain bind is one operation; a second propagation word is one more', () => {
  assert.equal(compile([{ destination: '/x', source: '/y', type: 'bind', options: ['bind', 'rslave'] }]).length, 1);
  assert.equal(
    compile([{ destination: '/x', source: '/y', type: 'bind', options: ['bind', 'rslave', 'rshared'] }]).length,
    2,
  );
});

test('read-only on a tmpfs and on /dev waits until everything inside is made', () => {
  const context = contextWith({
    mounts: [
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro'] },
      { destination: '/sys', type: 'sysfs', options: ['ro'] },
    ],
    linux: { namespaces },
  });
  const mounts = resolveMounts(context);
  assert.deepEqual(
    named(mountOperations(context, mounts), 'mount').map(({ flags }) => flags),
    [0, MS.RDONLY],
  );
  assert.deepEqual(
    named(lateRemounts(mounts), 'mount').map(({ target, flags }) => [target, flags]),
    [['/dev', MS.BIND | MS.REMOUNT | MS.RDONLY]],
  );
});

test('a destination that is not absolute is taken from the root, with a warning', () => {
  const context = contextWith({ mounts: [{ destination: 'x', type: 'tmpfs' }], linux: { namespaces } });
  assert.equal(resolveMounts(context)[0]?.destination, '/x');
  assert.deepEqual(context.warnings, ['/mounts/0/destination "x" is not absolute: taken from the root']);
});

test('destinations are cleaned and can never climb out', () => {
  assert.deepEqual(
    named(compile([{ destination: '../../etc/./x/', type: 'tmpfs' }]), 'mount').map(({ target }) => target),
    ['/etc/x'],
  );
});

test('refuses what would fool the container or its host, by pointer', () => {
  const refused: [MountSpec, RegExp][] = [
    [{ destination: '/', type: 'tmpfs' }, /mounts\/0\/destination: "\/"/],
    [{ destination: '/proc', type: 'tmpfs' }, /mounts\/0\/type: "tmpfs": expected proc on \/proc/],
    [
      { destination: '/proc/sys/../self', source: '/x', options: ['bind'] },
      /"\/proc\/self": expected a path outside \/proc/,
    ],
    [{ destination: '/x', options: ['bind'] }, /source: missing/],
    [{ destination: '/x', source: '/y' }, /type: missing/],
    [{ destination: '/x', source: '/y', type: 'bind' }, /options: expected bind or rbind among them: "bind" is no/],
    [{ destination: '/x', source: '/y', type: 'none', options: ['ro'] }, /options: expected bind or rbind/],
    [{ destination: '/x', source: '/y', options: ['bind', 'size=1k'] }, /options: "size=1k": expected a mount flag/],
    [
      { destination: '/x', type: 'ramfs', options: ['tmpcopyup'] },
      /"tmpcopyup": expected a tmpfs, the type is "ramfs"/,
    ],
    [
      { destination: '/x', type: 'tmpfs', options: ['remount'] },
      /"remount": expected a mount of type tmpfs on \/x before/,
    ],
    [
      { destination: '/x', source: '/y', options: ['bind'], uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] },
      /mounts\/0\/gidMappings: missing/,
    ],
    [{ destination: '/x', source: '/y', options: ['bind', 'idmap'] }, /mounts\/0\/uidMappings: missing/],
    [{ destination: '/x', type: 'tmpfs', options: ['idmap'] }, /mounts\/0\/type: "tmpfs": expected a bind/],
  ];
  for (const [mount, message] of refused) assert.throws(() => compile([mount]), message);
});

test('files of procfs that lxcfs replaces may be bound over', () => {
  assert.equal(compile([{ destination: '/proc/meminfo', source: '/lxcfs/meminfo', options: ['bind'] }]).length, 1);
});

test('a bind on /dev brings its own devices', () => {
  const devOf = (options: string[]) =>
    bringsOwnDev(
      resolveMounts(contextWith({ mounts: [{ destination: '/dev/', source: '/dev', type: 'tmpfs', options }] })),
    );
  assert.equal(devOf(['rbind']), true);
  assert.equal(devOf([]), false);
});

const cgroup: MountSpec = {
  destination: '/sys/fs/cgroup',
  type: 'cgroup',
  source: 'cgroup',
  options: ['ro', 'nosuid'],
};

test('a cgroup mount shows co-mounted controllers under each name', () => {
  const operations = compile([cgroup], { cgroups: comounted });
  assert.deepEqual(brief(operations), [
    'mount:tmpfs',
    'mount:/sys/fs/cgroup/cpu,cpuacct/tlab/web',
    'mount:',
    'mount:/sys/fs/cgroup/memory/tlab/web',
    'mount:',
    'mount:/sys/fs/cgroup/devices/tlab/web',
    'mount:',
    'symlink:cpu,cpuacct',
    'symlink:cpu,cpuacct',
  ]);
  assert.deepEqual(
    named(operations, 'symlink').map(({ path }) => path),
    ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpuacct'],
  );
});

test('inside a cgroup namespace the hierarchies themselves are mounted', () => {
  const operations = compile([cgroup], { cgroups: comounted }, ['mount', 'cgroup']);
  assert.deepEqual(
    named(operations, 'mount').map(({ fstype, data }) => `${fstype} ${data}`),
    ['tmpfs mode=755', 'cgroup cpu,cpuacct', 'cgroup memory', 'cgroup devices'],
  );
});

test('a version 2 host has one cgroup filesystem', () => {
  const [mount, ...rest] = named(compile([cgroup], { cgroups: version2 }), 'mount');
  assert.deepEqual([mount?.fstype, mount?.flags], ['cgroup2', MS.RDONLY | MS.NOSUID]);
  assert.equal(rest.length, 0);
});

test("without a cgroup namespace the version 2 mount keeps the host's options, and in a user namespace it is a bind", () => {
  const mountIn = (...types: ('mount' | 'user' | 'cgroup')[]) => {
    const context = contextWith(
      {
        mounts: [{ destination: '/sys/fs/cgroup', type: 'cgroup', options: ['ro', 'nosuid'] }],
        linux: { namespaces: types.map((type) => ({ type })) },
      },
      { cgroups: { ...version2, v2Options: ['nsdelegate'] } },
    );
    const mounts = named(mountOperations(context, resolveMounts(context)), 'mount');
    return mounts.map(({ source, flags, data }) => [source, flags, data]);
  };
  assert.deepEqual(mountIn('mount', 'cgroup'), [['cgroup', MS.RDONLY | MS.NOSUID, '']]);
  assert.deepEqual(mountIn('mount'), [['cgroup', MS.RDONLY | MS.NOSUID, 'nsdelegate']]);
  assert.deepEqual(mountIn('mount', 'user'), [
    ['/sys/fs/cgroup', MS.BIND | MS.REC, ''],
    ['', MS.BIND | MS.REMOUNT | MS.RDONLY | MS.NOSUID, ''],
  ]);
});

test('beside version 1 a mount of type cgroup2 shows the version 2 cgroup of the container', () => {
  const mount: MountSpec = { destination: '/cg2', type: 'cgroup2', source: 'cgroup2', options: ['ro'] };
  assert.deepEqual(
    named(compile([mount]), 'mount').map(({ source, flags }) => [source, flags]),
    [
      ['/sys/fs/cgroup/unified/tlab/web', MS.BIND | MS.REC],
      ['', MS.BIND | MS.REMOUNT | MS.RDONLY],
    ],
  );
  assert.deepEqual(
    named(compile([mount], {}, ['mount', 'cgroup']), 'mount').map(({ fstype, flags }) => [fstype, flags]),
    [['cgroup2', MS.RDONLY]],
  );
  assert.throws(() => compile([mount], { cgroups: comounted }), /this host has version 1 hierarchies only/);
});
