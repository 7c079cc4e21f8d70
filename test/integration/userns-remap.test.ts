// userns-remap in a whole engine: what a container sees, what belongs to whom on the host, and what its root can not do there.
// Without the version 2 hierarchy of a hybrid host, which crun refuses to see. Needs root, the package uidmap, a kernel of 5.19 or later and a file system with mapped mounts under /var/tmp.
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { Causes } from '../../src/explain/causes.ts';
import { levelOf } from '../../src/explain/words.ts';
import { orderViolations } from '../../src/trace/order.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { OrdinaryUser, subordinateIds } from '../helpers/ordinary-user.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const first = subordinateIds;
const folder = mkdtempSync('/var/tmp/tlab-remap-');
let user: OrdinaryUser;
let engine: TestEngine;

before(async () => {
  if (process.getuid?.() !== 0) return;
  user = await OrdinaryUser.make({ onlyRange: true });
  engine = await startEngine({ withoutUnified: true, configuration: { 'userns-remap': user.name } });
});
after(async () => {
  await engine?.stop();
  await user?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const inside = (script: string, ...flags: string[]): Promise<string> =>
  engine.must('run', '--rm', ...flags, 'busybox', 'sh', '-c', script);
const pidOf = async (name: string): Promise<number> =>
  Number(await engine.must('inspect', '--format', '{{.State.Pid}}', name));
const idsOf = (pid: number): string => /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

test('root in the container is the first mapped id on the host, and its files are its own inside', root(), async () => {
  const said = await inside(
    'id -u; cat /proc/self/uid_map /proc/self/gid_map; stat -c %u:%g / /bin/busybox /etc/hosts /dev/shm',
  );
  assert.deepEqual(
    said.split('\n').map((line) => line.trim().replace(/\s+/g, ' ')),
    ['0', `0 ${first} 65536`, `0 ${first} 65536`, '0:0', '0:0', '0:0', '0:0'],
  );
  assert.match(await engine.must('info', '--format', '{{.SecurityOptions}}'), /name=userns/);
});

test(
  'the network belongs to the container: ping, low ports, ip with NET_ADMIN, a read-only sysfs',
  root(),
  async () => {
    const said = await inside(
      'ping -c1 -W5 127.0.0.1 >/dev/null && echo pings; cat /proc/sys/net/ipv4/ping_group_range; ' +
        'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; ls /sys/class/net; ' +
        'ip addr add 10.99.0.1/32 dev lo && ip -o addr show lo | grep -c 10.99.0.1',
      '--cap-add',
      'NET_ADMIN',
    );
    assert.deepEqual(
      said.split('\n').map((line) => line.trim()),
      ['pings', '0\t65535', '0', 'eth0', 'lo', '1'],
    );
    assert.match(
      await inside('ip addr add 10.99.0.1/32 dev lo 2>&1 || echo refused'),
      /Operation not permitted\nrefused/,
    );
  },
);

test('--sysctl of the network is written', root(), async () => {
  assert.equal(await inside('cat /proc/sys/net/ipv4/ip_forward', '--sysctl', 'net.ipv4.ip_forward=1'), '1');
});

test('--userns=host runs with the ids of the host, from the very same layers', root(), async () => {
  assert.equal(await inside('cat /proc/self/uid_map', '--userns=host'), '         0          0 4294967295');
  assert.equal(await inside('stat -c %u /bin/busybox', '--userns=host'), '0');
  const snapshots = `${engine.root}/data/containerd/snapshots`;
  const owners = readdirSync(snapshots).map((name) => statSync(`${snapshots}/${name}/fs`).uid);
  assert.deepEqual(owners, [0], 'one layer, as it was unpacked');
  await engine.must('create', '--name', 'kept', '--userns=host', 'busybox');
  assert.equal(await engine.must('inspect', '--format', '{{.HostConfig.UsernsMode}}', 'kept'), 'host');
  await engine.must('rm', 'kept');
});

test("what cannot be with remapping is refused in Docker's words, and runs with --userns=host", root(), async () => {
  for (const [flag, words] of [
    ['--privileged', /privileged mode is incompatible with user namespaces/],
    ['--network=host', /cannot share the host's network namespace when user namespaces are enabled/],
    ['--pid=host', /cannot share the host PID namespace when user namespaces are enabled/],
  ] as const) {
    const refused = await engine.tlab(['run', '--rm', flag, 'busybox', 'true']);
    assert.equal(refused.status, 125);
    assert.match(refused.stderr, words);
    assert.equal((await engine.tlab(['run', '--rm', flag, '--userns=host', 'busybox', 'true'])).status, 0);
  }
  assert.match((await engine.tlab(['run', '--userns=other', 'busybox'])).stderr, /userns/);
});

test('an exec is in the user namespace, with streams that it may reopen', root(), async () => {
  await engine.must('run', '-d', '--name', 'long', 'busybox', 'sleep', '1000');
  const pid = await pidOf('long');
  assert.equal(idsOf(pid), String(first));
  assert.equal(
    await engine.must('exec', 'long', 'sh', '-c', 'id -u; echo again > /dev/stdout; cat /proc/self/uid_map'),
    `0\nagain\n         0  ${first}      65536`,
  );
  assert.equal(await engine.must('exec', '--user', '1000', 'long', 'id', '-u'), '1000');
  assert.match(await engine.must('exec', '-t', 'long', 'sh', '-c', 'stat -c %u:%g $(tty)'), /^0:5\r?$/);
  const [ours, theirs] = ['user', 'net'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  assert.notEqual(ours, readlinkSync('/proc/self/ns/user'));
  assert.ok(theirs);
  await engine.must('rm', '-f', 'long');
});

test('a volume is written with the mapped ids, and a folder that -v makes belongs to them', root(), async () => {
  const target = `${folder}/made/below`;
  await inside('touch /v/file; touch /made/file', '-v', 'vol:/v', '-v', `${target}:/made`);
  assert.equal(statSync(`${engine.root}/data/volumes/vol/_data/file`).uid, first);
  assert.deepEqual(
    [statSync(target).uid, statSync(`${folder}/made`).uid, statSync(`${target}/file`).uid],
    [first, first, first],
  );
});

test(
  'root of the container reads and changes nothing of root on the host, whatever is mounted for it',
  root(),
  async () => {
    const secret = `${folder}/secret`;
    mkdirSync(secret, { recursive: true });
    writeFileSync(`${secret}/key`, 'secret', { mode: 0o600 });
    const said = await inside(
      'stat -c %u:%g /h/key; cat /h/key 2>&1; echo x 2>&1 > /h/key; chown 0:0 /h/key 2>&1; rm /h/key 2>&1; touch /h/new 2>&1; chmod 666 /h/key 2>&1; true',
      '-v',
      `${secret}:/h`,
      '--cap-add=ALL',
      '--security-opt=seccomp=unconfined',
    );
    assert.match(said, /^65534:65534\n/);
    assert.ok(!said.includes('secret'));
    assert.equal(readFileSync(`${secret}/key`, 'utf8'), 'secret');
    assert.deepEqual(readdirSync(secret), ['key']);
    assert.equal(statSync(`${secret}/key`).mode & 0o777, 0o600);
  },
);

/** A static program that says who it runs as; busybox would give up what a setuid bit gives it. */
async function whoProgram(path: string): Promise<void> {
  const source = `${path}.c`;
  writeFileSync(
    source,
    '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%u %u\\n", getuid(), geteuid()); }\n',
  );
  await must('musl-gcc', ['-static', '-o', path, source]);
}

test('a setuid program gives root of the container inside, and nobody of weight on the host', root(), async () => {
  const shared = `${folder}/shared`;
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  await whoProgram(`${shared}/who`);
  const said = await inside(
    'cp /s/who /s/setuid && chmod 4755 /s/setuid && cp /s/setuid /tmp/setuid && chmod 4755 /tmp/setuid && su -s /bin/sh nobody -c /tmp/setuid',
    '-v',
    `${shared}:/s`,
  );
  assert.equal(said, '65534 0');
  const { uid, mode } = statSync(`${shared}/setuid`);
  assert.deepEqual([uid, mode & 0o4000], [first, 0o4000]);
  assert.equal(await must('setpriv', ['--reuid', '12345', '--clear-groups', `${shared}/setuid`]), `12345 ${first}`);
});

test('who has left the mount and pid namespaces of the container is nobody there', root(), async () => {
  await engine.must(
    'run',
    '-d',
    '--name',
    'escaped',
    '--cap-add=ALL',
    '--security-opt=seccomp=unconfined',
    'busybox',
    'sleep',
    '1000',
  );
  const pid = await pidOf('escaped');
  const victim = `${folder}/victim`;
  writeFileSync(victim, 'untouched', { mode: 0o600 });
  // As if an escape had succeeded: all of the container but its mounts and pids are left, the host's files are in front of it.
  const enter = ['--target', String(pid), '--user', '--net', '--ipc', '--uts', '--setuid', '0', '--setgid', '0'];
  const host = await run('nsenter', [
    ...enter,
    'sh',
    '-c',
    `id -u; cat ${victim} /etc/shadow; echo x > ${victim}; kill -0 1; mount -t tmpfs none /mnt; mknod /var/tmp/tlab-node b 8 0; echo core > /proc/sys/kernel/core_pattern; chroot /root true`,
  ]);
  assert.equal(host.stdout, '0\n', 'no word of a file');
  for (const refused of [
    /victim: Permission denied/,
    /shadow: Permission denied/,
    /kill: .*Operation not permitted/,
    /mount: .*permission denied/i,
    /mknod: .*Operation not permitted/,
    /core_pattern: Permission denied/,
  ])
    assert.match(host.stderr, refused);
  assert.equal(readFileSync(victim, 'utf8'), 'untouched');
  await engine.must('rm', '-f', 'escaped');
});

test('device nodes cannot be made, and those of the host cannot be opened', root(), async () => {
  const said = await inside(
    'mknod /tmp/disk b 8 0 2>&1; mknod /tmp/null c 1 3 2>&1; echo end',
    '--cap-add=ALL',
    '--security-opt=seccomp=unconfined',
  );
  assert.match(said, /disk: Operation not permitted\n.*null: Operation not permitted\nend/);
});

const keySource = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) { /* add | read SERIAL | find | remove SERIAL */
    char text[32] = "";
    long result = argc > 1 && strcmp(argv[1], "add") == 0 ? syscall(SYS_add_key, "user", "tlab-test", "secret", 6, -4)
                : argc > 2 && strcmp(argv[1], "read") == 0 ? syscall(SYS_keyctl, 11, atol(argv[2]), text, 31)
                : argc > 2 ? syscall(SYS_keyctl, 9, atol(argv[2]), -4)
                : syscall(SYS_request_key, "user", "tlab-test", NULL, 0);
    if (result < 0) return printf("%s\\n", strerror(errno)), 0;
    return printf("%ld %s\\n", result, text), 0;
}`;

test("keys in root's keyring can be neither found nor read", root(), async () => {
  const shared = `${folder}/keys`;
  mkdirSync(shared);
  writeFileSync(`${shared}/key.c`, keySource);
  await must('musl-gcc', ['-static', '-o', `${shared}/key`, `${shared}/key.c`]);
  const serial = (await must(`${shared}/key`, ['add'])).trim();
  try {
    assert.match(await must(`${shared}/key`, ['read', serial]), /^6 secret/);
    const script = `/k/key read ${serial}; /k/key find`;
    const said = await inside(script, '-v', `${shared}:/k`, '--cap-add=ALL', '--security-opt=seccomp=unconfined');
    assert.match(said, /^(Permission denied|Required key not available)\nRequired key not available$/);
  } finally {
    await must(`${shared}/key`, ['remove', serial]);
  }
});

test(
  'a daemon that starts again takes its mapped containers over, and a container goes with its namespaces',
  root(),
  async () => {
    await engine.must('run', '-d', '--name', 'stays', 'busybox', 'sleep', '1000');
    const before = await pidOf('stays');
    const namespaces = (): string[] => readdirSync(`${engine.root}/run/netns`);
    assert.equal(namespaces().length, 2, 'a network and a user namespace');
    await engine.must('system', 'stop');
    await engine.must('system', 'start');
    assert.equal(await pidOf('stays'), before);
    assert.match(await engine.must('exec', 'stays', 'cat', '/proc/self/uid_map'), new RegExp(`0 +${first}`));
    await engine.must('rm', '-f', 'stays');
    assert.deepEqual(namespaces(), []);
  },
);

test('a container keeps its map when daemon.json changes', root(), async () => {
  await engine.must(
    'create',
    '--name',
    'old',
    'busybox',
    'sh',
    '-c',
    'id -u; cat /proc/self/uid_map; touch /x; stat -c %u /x',
  );
  await engine.must('system', 'stop');
  writeFileSync(`${engine.root}/daemon.json`, '{}');
  await engine.must('system', 'start');
  assert.match(await engine.must('start', '--attach', 'old'), new RegExp(`^0\n +0 +${first} .*\n0$`));
  assert.match(await inside('cat /proc/self/uid_map'), /4294967295/);
  await engine.must('rm', 'old');
  await engine.must('system', 'stop');
  writeFileSync(`${engine.root}/daemon.json`, JSON.stringify({ 'userns-remap': 'nobody-here' }));
  const refused = await engine.tlab(['system', 'start']);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr + refused.stdout, /userns-remap "nobody-here": there is no user nobody-here/);
  writeFileSync(`${engine.root}/daemon.json`, JSON.stringify({ 'userns-remap': user.name }));
  await engine.must('system', 'start');
});

test('every event of a mapped run has a cause that reaches a field or a named default', root(), async () => {
  await engine.must('trace', 'run', '--no-syscalls', '--rm', '-v', 'vol:/v', 'busybox', 'true');
  const path = `${folder}/trace.jsonl`;
  await engine.must('trace', 'export', '--format', 'jsonl', '-o', path);
  const trace = await readTraceFile(path);
  assert.deepEqual([trace.unreadable, orderViolations(trace.events)], [0, []]);
  const causes = new Causes(trace);
  const chains = trace.events.filter((event) => [1, 2].includes(levelOf(event))).map((event) => causes.chainOf(event));
  assert.deepEqual(
    chains.filter(({ complete }) => !complete),
    [],
  );
  const made = trace.events.find(({ type }) => type === 'kernel.network-namespace-created');
  assert.match(JSON.stringify(made?.data.user), new RegExp(`"uidMap":"0 ${first} 65536`));
  assert.ok(trace.events.some(({ data }) => data.operation === 'id_map_check'));
  assert.match(
    (await engine.tlab(['trace', 'twin', path])).stderr,
    /has a user namespace of its own, which a twin script cannot make/,
  );
});

test("runc and crun under our shim run mapped containers too, and the null device stays root's", root(), async () => {
  for (const runtime of ['runc', 'crun'])
    assert.match(
      await inside('id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox', `--runtime=${runtime}`),
      new RegExp(`^0\n +0 +${first} +65536\n0$`),
      runtime,
    );
  assert.equal(statSync('/dev/null').uid, 0);
});
