// The request becomes config.json: pure functions, compared with what Docker generates for the same request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCreate } from '../../src/daemon/schema/create.ts';
import { orphansOf } from '../../src/daemon/spec/draft.ts';
import { generateSpec, specBytes } from '../../src/daemon/spec/generate.ts';
import type { SpecInput } from '../../src/daemon/spec/input.ts';
import { checkDocument, configSchema, parseRuntimeJson } from '../../src/oci/runtime.ts';

const id = 'ab'.repeat(32);

function inputFor(request: Record<string, unknown>, more: Partial<SpecInput> = {}): SpecInput {
  const { HostConfig, ...config } = parseCreate({ Image: 'busybox', ...request });
  return {
    id,
    config,
    host: HostConfig ?? {},
    image: { Cmd: ['sh'], Env: ['PATH=/bin'] } as SpecInput['image'],
    user: { uid: 0, gid: 0, additionalGids: [0], home: '/root' },
    mounts: [],
    files: { hosts: '/f/hosts', hostname: '/f/hostname', resolvConf: '/f/resolv.conf' },
    networkNamespace: '/run/tlab/netns/x',
    initProgram: undefined,
    facts: {
      architecture: 'x64',
      cgroupVersion: 1,
      capabilities: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SYS_CHROOT', 'CAP_NET_ADMIN'],
      hasSeccomp: true,
      appArmorProfiles: () => undefined,
      devices: () => [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 }],
    },
    ...more,
  };
}

const requests: Record<string, Record<string, unknown>> = {
  'a bare request': {},
  limits: { HostConfig: { Memory: 268435456, NanoCpus: 1e9, PidsLimit: 20, CpuShares: 512, CpusetCpus: '0' } },
  'a privileged one': { HostConfig: { Privileged: true } },
  'everything about the process': {
    Entrypoint: ['/bin/sh'],
    Cmd: ['-c', 'true'],
    Env: ['A=b'],
    WorkingDir: '/tmp',
    User: '5',
    Tty: true,
    Hostname: 'web',
    Domainname: 'x',
    HostConfig: {
      Ulimits: [{ Name: 'nofile', Soft: 10, Hard: -1 }],
      SecurityOpt: ['no-new-privileges'],
      OomScoreAdj: 5,
      Init: true,
    },
  },
  'other namespaces': {
    HostConfig: {
      PidMode: 'host',
      IpcMode: 'host',
      UTSMode: 'host',
      NetworkMode: 'none',
      Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }],
      Sysctls: { 'net.core.somaxconn': '5' },
      MaskedPaths: [],
      ReadonlyPaths: ['/proc/sys'],
      ReadonlyRootfs: true,
      Dns: ['1.1.1.1'],
      ExtraHosts: ['a:1.2.3.4'],
      CgroupnsMode: 'private',
    },
  },
};

for (const [what, request] of Object.entries(requests)) {
  test(`${what} makes a config.json in which every value has a cause`, () => {
    const { config, provenance } = generateSpec(inputFor(request, { initProgram: '/usr/lib/tlab-init' }));
    assert.deepEqual(orphansOf(config, provenance), []);
    const parsed = parseRuntimeJson(Buffer.from(specBytes(config)).toString(), 'config.json');
    assert.ok(checkDocument(configSchema, parsed, 'config.json'));
  });
}

test('an entry that no cause covers is found as an orphan', () => {
  assert.deepEqual(orphansOf({ a: { b: 1, c: 2 } }, { '/a/b': 'api:/X' }), ['/a/c']);
});

test('memory, CPUs and the doubled swap are as Docker writes them', () => {
  const { config, provenance } = generateSpec(inputFor({ HostConfig: { Memory: 268435456, NanoCpus: 1e9 } }));
  assert.deepEqual(config.linux?.resources?.memory, { limit: 268435456, swap: 536870912 });
  assert.deepEqual(config.linux?.resources?.cpu, { quota: 100000, period: 100000 });
  assert.equal(provenance['/linux/resources/memory/limit'], 'api:/HostConfig/Memory');
  assert.equal(provenance['/linux/resources/memory/swap'], 'default:swap-twice-memory');
});

test('a user other than root has a bounding set and no effective capabilities', () => {
  const user = { uid: 5, gid: 5, additionalGids: [], home: '/' };
  const { config } = generateSpec(inputFor({ User: '5' }, { user }));
  assert.deepEqual(config.process?.capabilities, { bounding: ['CAP_CHOWN', 'CAP_SYS_CHROOT', 'CAP_KILL'] });
});

test('an entrypoint of the request drops the command of the image', () => {
  const { config } = generateSpec(inputFor({ Entrypoint: ['/init'] }));
  assert.deepEqual(config.process?.args, ['/init']);
});

test('a container with neither entrypoint nor command is refused', () => {
  assert.throws(() => generateSpec(inputFor({}, { image: {} as SpecInput['image'] })), /no command specified/);
});

test('clone may make no namespaces and clone3 does not exist without CAP_SYS_ADMIN', () => {
  const { config } = generateSpec(inputFor({}));
  const rules = config.linux?.seccomp?.syscalls ?? [];
  assert.deepEqual(
    rules.find((rule) => rule.names.includes('clone3')),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  );
  assert.equal(rules.find((rule) => rule.names.includes('clone'))?.args?.[0]?.value, 0x7e020000);
  assert.ok(!rules.some((rule) => rule.names.includes('mount')));
});

test('a privileged container has every capability of the host, no filter, no masks', () => {
  const { config } = generateSpec(inputFor({ HostConfig: { Privileged: true } }));
  assert.equal(config.process?.capabilities?.bounding?.length, 4);
  assert.equal(config.linux?.seccomp, undefined);
  assert.equal(config.linux?.maskedPaths, undefined);
  assert.deepEqual(config.linux?.resources?.devices, [{ allow: true, access: 'rwm' }]);
});

test("the cgroup namespace is private on version 2, for privileged containers too, and the host's on version 1", () => {
  const { facts } = inputFor({});
  const isPrivate = (cgroupVersion: 1 | 2, HostConfig: Record<string, unknown>): boolean => {
    const { config } = generateSpec(inputFor({ HostConfig }, { facts: { ...facts, cgroupVersion } }));
    return (config.linux?.namespaces ?? []).some(({ type }) => type === 'cgroup');
  };
  assert.deepEqual(
    [isPrivate(2, {}), isPrivate(2, { Privileged: true }), isPrivate(2, { CgroupnsMode: 'host' })],
    [true, true, false],
  );
  assert.deepEqual([isPrivate(1, {}), isPrivate(1, { CgroupnsMode: 'private' })], [false, true]);
});

test('a mapped container joins the user namespace of its network, names its maps, and lets mapped groups ping', () => {
  const ids = [{ containerId: 0, hostId: 100000, count: 65536 }];
  const userNamespace = { path: '/run/tlab/netns/x.user', remap: { uids: ids, gids: ids } };
  const { config, provenance } = generateSpec(inputFor({}, { userNamespace }));
  assert.deepEqual(orphansOf(config, provenance), []);
  const { linux } = checkDocument(configSchema, parseRuntimeJson(JSON.stringify(config), 'config.json'), 'config.json');
  const at = linux?.namespaces?.findIndex(({ type }) => type === 'user') ?? -1;
  assert.equal(linux?.namespaces?.[at]?.path, '/run/tlab/netns/x.user');
  assert.deepEqual(linux?.gidMappings, [{ containerID: 0, hostID: 100000, size: 65536 }]);
  assert.equal(linux?.sysctl?.['net.ipv4.ping_group_range'], '0 65535');
  for (const pointer of [`/linux/namespaces/${at}`, '/linux/uidMappings', '/linux/gidMappings'])
    assert.equal(provenance[pointer], 'default:userns-remap');
});

test('the parent of the cgroup is in its path, and the reason is the flag or daemon.json', () => {
  const placed = (parent: string | undefined, cgroupParent?: string) => {
    const { config, provenance } = generateSpec(inputFor({ HostConfig: { CgroupParent: parent } }, { cgroupParent }));
    return [config.linux?.cgroupsPath, provenance['/linux/cgroupsPath']];
  };
  assert.deepEqual(placed('/a', '/b'), [`/a/${id}`, 'api:/HostConfig/CgroupParent']);
  assert.deepEqual(placed('', '/b'), [`/b/${id}`, 'default:cgroup-parent']);
  assert.deepEqual(placed(undefined), [`/tlab/${id}`, 'default:cgroup-path']);
});
