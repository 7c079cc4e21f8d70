// Flags of run and create → body and provenance of POST /containers/create.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { prepareCreate } from '../../src/cli/create/request.ts';
import { parseLine } from '../../src/cli/flags/parse.ts';
import { runFlags } from '../../src/cli/run/flags.ts';

function prepare(...argv: string[]) {
  const line = parseLine(runFlags, argv, { untilOperand: true });
  return prepareCreate({ ...line, name: 'run' } as unknown as Parameters<typeof prepareCreate>[0], line.flags.detach);
}

const at = (document: unknown, pointer: string): unknown =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], document);

const rows: Array<[argv: string, pointer: string, value: unknown, cause: string]> = [
  ['-m 12m', '/HostConfig/Memory', 12 * 2 ** 20, 'flag:--memory'],
  ['--memory=1.5g', '/HostConfig/Memory', 1.5 * 2 ** 30, 'flag:--memory'],
  ['--memory-swap -1', '/HostConfig/MemorySwap', -1, 'flag:--memory-swap'],
  ['--cpus 1.5', '/HostConfig/NanoCpus', 1_500_000_000, 'flag:--cpus'],
  ['--cpuset-cpus 0-1', '/HostConfig/CpusetCpus', '0-1', 'flag:--cpuset-cpus'],
  ['--pids-limit 20', '/HostConfig/PidsLimit', 20, 'flag:--pids-limit'],
  ['-dp 8080:80', '/HostConfig/PortBindings/80~1tcp/0', { HostIp: '', HostPort: '8080' }, 'flag:--publish'],
  [
    '-p 127.0.0.1:53:53/udp',
    '/HostConfig/PortBindings/53~1udp/0',
    { HostIp: '127.0.0.1', HostPort: '53' },
    'flag:--publish',
  ],
  ['-p [::1]:80:80', '/HostConfig/PortBindings/80~1tcp/0', { HostIp: '::1', HostPort: '80' }, 'flag:--publish'],
  ['-p 8000-8001:80-81', '/HostConfig/PortBindings/81~1tcp/0', { HostIp: '', HostPort: '8001' }, 'flag:--publish'],
  ['-p 80', '/ExposedPorts/80~1tcp', {}, 'flag:--publish'],
  ['-P', '/HostConfig/PublishAllPorts', true, 'flag:--publish-all'],
  ['-e A=b', '/Env/0', 'A=b', 'flag:--env'],
  ['-v /x:/y:ro', '/HostConfig/Binds/0', '/x:/y:ro', 'flag:--volume'],
  ['-v data:/y', '/HostConfig/Binds/0', 'data:/y', 'flag:--volume'],
  ['-v /y', '/Volumes/~1y', {}, 'flag:--volume'],
  ['--tmpfs /run:size=1m', '/HostConfig/Tmpfs/~1run', 'size=1m', 'flag:--tmpfs'],
  [
    '--mount type=bind,src=/a,dst=/b,ro',
    '/HostConfig/Mounts/0',
    { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true },
    'flag:--mount',
  ],
  ['--cap-add NET_ADMIN', '/HostConfig/CapAdd/0', 'NET_ADMIN', 'flag:--cap-add'],
  ['--cap-drop ALL', '/HostConfig/CapDrop/0', 'ALL', 'flag:--cap-drop'],
  ['--read-only', '/HostConfig/ReadonlyRootfs', true, 'flag:--read-only'],
  ['--net none', '/HostConfig/NetworkMode', 'none', 'flag:--network'],
  ['', '/HostConfig/NetworkMode', 'default', 'default:cli-network'],
  ['', '/AttachStdout', true, 'default:cli-attached-output'],
  ['-d', '/AttachStdout', false, 'flag:--detach'],
  ['-i', '/StdinOnce', true, 'flag:--interactive'],
  ['-t', '/Tty', true, 'flag:--tty'],
  ['--entrypoint /bin/x', '/Entrypoint', ['/bin/x'], 'flag:--entrypoint'],
  ['-h box', '/Hostname', 'box', 'flag:--hostname'],
  ['--init', '/HostConfig/Init', true, 'flag:--init'],
  ['--privileged', '/HostConfig/Privileged', true, 'flag:--privileged'],
  [
    '--restart on-failure:3',
    '/HostConfig/RestartPolicy',
    { Name: 'on-failure', MaximumRetryCount: 3 },
    'flag:--restart',
  ],
  ['--runtime crun', '/HostConfig/Runtime', 'crun', 'flag:--runtime'],
  ['-l a=b', '/Labels/a', 'b', 'flag:--label'],
  ['--stop-timeout 3', '/StopTimeout', 3, 'flag:--stop-timeout'],
  ['--ulimit nofile=10:20', '/HostConfig/Ulimits/0', { Name: 'nofile', Soft: 10, Hard: 20 }, 'flag:--ulimit'],
  [
    '--device /dev/fuse:rw',
    '/HostConfig/Devices/0',
    { PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rw' },
    'flag:--device',
  ],
  ['--add-host a:1.2.3.4', '/HostConfig/ExtraHosts/0', 'a:1.2.3.4', 'flag:--add-host'],
  ['--sysctl net.ipv4.ip_forward=1', '/HostConfig/Sysctls/net.ipv4.ip_forward', '1', 'flag:--sysctl'],
  ['--log-opt max-size=1m', '/HostConfig/LogConfig/Config/max-size', '1m', 'flag:--log-opt'],
  ['--rm', '/HostConfig/AutoRemove', true, 'flag:--rm'],
];

for (const [argv, pointer, value, cause] of rows) {
  test(`run ${argv} sends ${pointer} because of ${cause}`, () => {
    const { body, provenance } = prepare(...argv.split(' ').filter(Boolean), 'busybox');
    assert.deepEqual(at(body, pointer), value);
    assert.equal(provenance[pointer], cause);
  });
}

test('what follows the image belongs to the container, flags and all', () => {
  const { body, provenance } = prepare('--rm', 'busybox', 'ls', '--rm', '-it');
  assert.deepEqual(body.Cmd, ['ls', '--rm', '-it']);
  assert.equal(provenance['/Cmd'], 'argument:COMMAND');
  assert.equal(provenance['/Image'], 'argument:IMAGE');
});

test('every field of a body has a cause at its own pointer or at an ancestor', () => {
  const { body, provenance } = prepare('-dit', '-p', '80', '-m', '8m', '-e', 'A=b', 'busybox', 'sh');
  const leaves = (node: unknown, pointer: string): string[] =>
    typeof node === 'object' && node !== null
      ? Object.entries(node).flatMap(([key, value]) => leaves(value, `${pointer}/${key.replaceAll('/', '~1')}`))
      : [pointer];
  for (const leaf of leaves(body, '')) {
    const steps = leaf.split('/');
    const ancestors = steps.map((_, depth) => steps.slice(0, steps.length - depth).join('/')).filter(Boolean);
    assert.ok(
      ancestors.some((ancestor) => provenance[ancestor] !== undefined),
      leaf,
    );
  }
});

const refusals: Array<[argv: string, message: string]> = [
  ['--memory 12x', '--memory "12x": expected bytes with suffix b, k, m or g'],
  ['-m x', '-m "x": expected bytes with suffix b, k, m or g'],
  ['--cpus many', '--cpus "many": expected a number of CPUs, such as 1.5'],
  ['-p 99999', '-p "99999": expected [[IP:]HOST:]CONTAINER[/tcp|udp], ports from 1 to 65535'],
  ['-v relative', '-v "relative": expected an absolute path in the container'],
  ['--restart maybe', '--restart "maybe": expected no, always, unless-stopped or on-failure[:COUNT]'],
  ['--ulimit nofile=9:3', '--ulimit "nofile=9:3": expected a soft limit that is not above the hard limit'],
  ['--oom-score-adj 2000', '--oom-score-adj "2000": expected a whole number from -1000 to 1000'],
  ['--mount type=nfs,target=/x', '--mount "type=nfs,target=/x": expected type=bind|volume|tmpfs,source=…,target=…'],
  ['--rm=perhaps', '--rm "perhaps": expected true or false'],
  ['--nope', 'unknown flag: --nope'],
];
for (const [argv, message] of refusals) {
  test(`run ${argv} is refused: ${message}`, () => {
    assert.throws(() => prepare(...argv.split(' '), 'busybox'), { kind: 'usage', message });
  });
}

test('a variable of a file has no white space in its name', () => {
  const folder = mkdtempSync(`${tmpdir()}/tlab-env-`);
  writeFileSync(`${folder}/good`, '# says\nA=b c\n  B=2\nNO_SUCH_VARIABLE_HERE\n');
  writeFileSync(`${folder}/bad`, 'A B=1\n');
  assert.deepEqual(at(prepare('--env-file', `${folder}/good`, 'busybox').body, '/Env'), ['A=b c', 'B=2']);
  assert.throws(() => prepare('--env-file', `${folder}/bad`, 'busybox'), /variable "A B" contains white space/);
  rmSync(folder, { recursive: true });
});
