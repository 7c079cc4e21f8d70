// What is derived from system calls: of recordings of a real runc and crun (`strace -f -y -ttt runc run …`, only the calls that matter
// kept), and of calls written here. The recordings' config.json is test/fixtures/runc-1.1/config.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Call } from '../../src/explain/effects/call.ts';
import { derivedEvents } from '../../src/explain/effects/derive.ts';
import { effectsOf } from '../../src/explain/effects/effect.ts';
import { parseNotation } from '../../src/explain/effects/notation.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { readStrace } from './effects-strace.ts';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const config: unknown = JSON.parse(fixture('runc-1.1/config.json'));

/** Lines of calls without pid and time: one process, a microsecond apart. */
const calls = (...lines: string[]): TraceEvent[] =>
  readStrace(lines.map((line, i) => `7 ${(i / 1e6).toFixed(6)} ${line}`).join('\n'));

const derive = (events: readonly TraceEvent[], document: unknown = config): TraceEvent[] =>
  derivedEvents(events, [], { config: document }).map(({ event }) => event);

const effects = (...lines: string[]): string[] =>
  effectsOf(derive(calls(...lines))).map(({ kind, subject, value, absent }) =>
    `${kind} ${subject} ${value}${absent ? ' absent' : ''}`.trim().replace(/ {2,}/g, ' '),
  );

const entered = [
  'mount("/r", "/r", NULL, MS_BIND|MS_REC, NULL) = 0',
  'pivot_root(".", ".") = 0',
  'umount2(".", MNT_DETACH) = 0',
];
const root = ['root bound on itself', 'root pivot_root'];

test('a real runc mounts, masks, limits and drops what config.json asks for', () => {
  const of = (kind: string): string[] =>
    effectsOf(derive(readStrace(fixture('runc-1.1/calls.strace'))))
      .filter((effect) => effect.kind === kind)
      .map(({ subject, value }) => `${subject} ${value}`.trim());
  const { mounts, linux, process } = config as {
    mounts: { destination: string }[];
    linux: { maskedPaths: string[]; readonlyPaths: string[]; namespaces: { type: string }[] };
    process: { capabilities: { bounding: string[] } };
  };
  const mounted = of('mount').map((words) => words.split(' ')[0]);
  assert.deepEqual(
    mounts.map(({ destination }) => destination).filter((destination) => !mounted.includes(destination)),
    [],
  );
  assert.ok(
    of('mount').includes('/sys/fs/cgroup/memory bind:/sys/fs/cgroup/memory/<engine>/<id> nodev,noexec,nosuid,ro'),
  );
  assert.deepEqual(of('masked'), linux.maskedPaths);
  assert.deepEqual(of('read-only'), linux.readonlyPaths);
  assert.deepEqual(of('namespace-made').sort(), linux.namespaces.map(({ type }) => type).sort());
  const kept = process.capabilities.bounding.map((name) => name.slice(4).toLowerCase()).sort();
  for (const set of ['bounding', 'effective', 'permitted']) assert.ok(of('capabilities').includes(`${set} ${kept}`));
  assert.ok(of('capabilities').includes('ambient'));
  assert.deepEqual(of('cgroup-value'), ['cpuset.cpus 0-1', 'cpuset.mems 0', 'memory.limit_in_bytes 67108864']);
  assert.equal(of('cgroup-joined').length, 10);
  assert.deepEqual(of('exec'), ['process 1 true']);
});

test('the mount that runc makes of itself and takes away again is no effect', () => {
  const targets = derive(readStrace(fixture('runc-1.1/calls.strace'))).map((event) => String(event.data.target));
  assert.deepEqual(
    targets.filter((target) => target.includes('/runc.')),
    [],
  );
});

test('a real crun comes to the same masks, read-only paths and capabilities', () => {
  const kinds = new Set(['masked', 'read-only', 'capabilities', 'namespace-made', 'cgroup-joined', 'sysctl', 'device']);
  const of = (runtime: string): string[] =>
    effectsOf(derive(readStrace(fixture(`${runtime}/calls.strace`))))
      .filter((effect) => kinds.has(effect.kind))
      .map(({ kind, subject, value, absent }) => `${kind} ${subject} ${value} ${absent ?? ''}`)
      .sort();
  assert.deepEqual(of('crun-1.8'), of('runc-1.1'));
});

test('a mount through a descriptor is one at the path of the descriptor, inside the container', () => {
  assert.deepEqual(
    effects(
      entered[0] ?? '',
      'openat(AT_FDCWD</>, "/r/dev/shm", O_RDONLY|O_PATH) = 6</r/dev/shm>',
      'mount("shm", "/proc/self/fd/6", "tmpfs", MS_NOSUID|MS_NODEV, "mode=1777,size=64m") = 0',
    ),
    ['root bound on itself', 'mount /dev/shm tmpfs mode=1777,nodev,nosuid,size=64m'],
  );
});

test('a bind and its remount are one mount with the options of the remount', () => {
  assert.deepEqual(
    effects(
      ...entered,
      'mount("/h/data", "/data", NULL, MS_BIND|MS_REC, NULL) = 0',
      'mount("", "/data", NULL, MS_RDONLY|MS_NOSUID|MS_REMOUNT|MS_BIND, NULL) = 0',
    ),
    [...root, 'mount /data bind:/h/data nosuid,ro'],
  );
});

test('the newer mount calls are mounts too: fsopen to move_mount, and open_tree for a bind', () => {
  assert.deepEqual(
    effects(
      'mount("/r", "/r", NULL, MS_BIND|MS_REC, NULL) = 0',
      'openat(AT_FDCWD</>, "/r/proc", O_PATH) = 4</r/proc>',
      'fsopen("proc", FSOPEN_CLOEXEC) = 5<anon_inode:[fscontext]>',
      'fsconfig(5<anon_inode:[fscontext]>, FSCONFIG_SET_STRING, "source", "proc", 0) = 0',
      'fsconfig(5<anon_inode:[fscontext]>, FSCONFIG_SET_STRING, "hidepid", "2", 0) = 0',
      'fsconfig(5<anon_inode:[fscontext]>, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0',
      'fsmount(5<anon_inode:[fscontext]>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV) = 6',
      'move_mount(6, "", 4</r/proc>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = 0',
      'open_tree(AT_FDCWD</>, "/h/data", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = 7',
      'mount_setattr(7, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32) = 0',
      'move_mount(7, "", AT_FDCWD</>, "/r/data", MOVE_MOUNT_F_EMPTY_PATH) = 0',
    ),
    ['root bound on itself', 'mount /proc proc hidepid=2,nodev,nosuid', 'mount /data bind:/h/data ro'],
  );
});

test('/dev/null over a file, an empty tmpfs over a folder: masked; what is not there is met and ignored', () => {
  assert.deepEqual(
    effects(
      ...entered,
      'mount("/dev/null", "/proc/keys", NULL, MS_BIND, NULL) = 0',
      'mount("/dev/null", "/proc/acpi", NULL, MS_BIND, NULL) = -1 ENOTDIR (Not a directory)',
      'mount("tmpfs", "/proc/acpi", "tmpfs", MS_RDONLY, NULL) = 0',
      'mount("/dev/null", "/proc/kcore", NULL, MS_BIND, NULL) = -1 ENOENT (No such file or directory)',
    ),
    [...root, 'masked /proc/keys', 'masked /proc/acpi', 'masked /proc/kcore absent'],
  );
});

test('a path bound on itself and made read-only is a read-only path, not two mounts', () => {
  assert.deepEqual(
    effects(
      ...entered,
      'mount("/proc/sys", "/proc/sys", NULL, MS_BIND|MS_REC, NULL) = 0',
      'mount("/proc/sys", "/proc/sys", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0',
      'mount("", "/", "", MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0',
    ),
    [...root, 'read-only /proc/sys', 'root read-only'],
  );
});

test('a call that fails has no effect', () => {
  assert.deepEqual(
    effects(
      'seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) = -1 EFAULT (Bad address)',
      'sethostname("x", 1) = -1 EPERM (Operation not permitted)',
      'mount("proc", "/p", "proc", 0, NULL) = -1 EPERM (Operation not permitted)',
      'unshare(CLONE_NEWUSER) = -1 EPERM (Operation not permitted)',
      'pivot_root(".", ".") = -1 EINVAL (Invalid argument)',
    ),
    [],
  );
});

test('what is set several times counts as it stands when the program is executed', () => {
  const told = effects(
    ...entered,
    'prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) = 0',
    'prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) = 0',
    'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL, permitted=1<<CAP_CHOWN, inheritable=0}) = 0',
    'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_KILL, permitted=1<<CAP_KILL, inheritable=0}) = 0',
    'umask(000) = 022',
    'umask(022) = 000',
    'setgroups(2, [10, 20]) = 0',
    'setuid(33) = 0',
    'execve("/bin/sh", ["sh", "-c", "echo \\"a, b\\""], 0x7ff /* 2 vars */) = 0',
  );
  const bounding =
    told
      .find((line) => line.startsWith('capabilities bounding'))
      ?.split(' ')[2]
      ?.split(',') ?? [];
  assert.equal(bounding.length, 40);
  assert.ok(!bounding.includes('sys_admin'));
  assert.ok(told.includes('capabilities effective kill'));
  assert.ok(told.includes('process umask 022'));
  assert.ok(told.includes('user groups 10 20') && told.includes('user uid 33'));
  assert.ok(told.includes('exec process 1 sh -c echo "a, b"'));
  assert.equal(told.filter((line) => line.startsWith('capabilities')).length, 4);
});

test("after execve the calls are the container's own, not the runtime's", () => {
  const told = effects(...entered, 'execve("/bin/sh", ["sh"], 0x7ff /* 2 vars */) = 0', 'sethostname("mine", 4) = 0');
  assert.deepEqual(
    told.filter((line) => line.startsWith('hostname')),
    [],
  );
});

test('before the container is entered an execve is the runtime executing itself again', () => {
  assert.deepEqual(effects('execve("/proc/self/exe", ["runc", "init"], 0x7ff /* 7 vars */) = 0'), []);
});

test('values written to cgroups, sysctls and id maps; namespaces joined by a descriptor', () => {
  const id = 'c'.repeat(64);
  assert.deepEqual(
    effects(
      `mkdirat(AT_FDCWD</>, "/sys/fs/cgroup/tlab/${id}", 0755) = 0`,
      `openat(AT_FDCWD</>, "/sys/fs/cgroup/tlab/${id}/memory.max", O_WRONLY) = 5`,
      'write(5, "1048576\\n", 8) = 8',
      `write(6</sys/fs/cgroup/devices/tlab/${id}/devices.deny>, "a", 1) = 1`,
      'write(7</proc/12/uid_map>, "0 1000 1\\n", 9) = 9',
      'write(8</proc/sys/net/ipv4/ip_forward>, "1", 1) = 1',
      'write(9</proc/self/oom_score_adj>, "0\\0", 2) = 2',
      'setns(4</proc/12/ns/net>, CLONE_NEWNET) = 0',
      'setns(4</proc/12/ns/ipc>, 0) = 0',
    ),
    [
      'cgroup tlab',
      'cgroup-value memory.max 1048576',
      'device-rule deny a *:* rwm',
      'id-map uid_map 0 1000 1',
      'sysctl net.ipv4.ip_forward 1',
      'process oom_score_adj 0',
      'namespace-joined network',
      'namespace-joined ipc',
    ],
  );
});

test('only the runtime that our shim started is looked at, and its children', () => {
  const started: TraceEvent = {
    seq: 1,
    ts: 0,
    stage: 'kernel',
    pid: 5,
    tid: 5,
    type: 'kernel.process-executed',
    span: 'aaaaaaaaaaaaaaaa',
    truth: 'observed',
    data: { executable: '/usr/sbin/runc', argv: ['/usr/sbin/runc', 'create', '--bundle', '/b', 'c'], childPid: 7 },
  };
  const shim: TraceEvent = { ...started, stage: 'shim', type: 'shim.state-changed', data: {} };
  const text = [
    '7 0.000001 clone(child_stack=NULL, flags=CLONE_PARENT|SIGCHLD) = 8',
    '8 0.000002 sethostname("inside", 6) = 0',
    '9 0.000003 sethostname("another", 7) = 0',
  ].join('\n');
  const events = derivedEvents(readStrace(text), [shim, started]);
  assert.deepEqual(
    events.map(({ event, calls: made }) => [event.pid, event.span, event.truth, made.length]),
    [[8, 'aaaaaaaaaaaaaaaa', 'derived', 1]],
  );
});

test('arguments of any shape are read without an error', () => {
  const shapes = [
    '',
    '"',
    '"\\',
    '{',
    '{flags=',
    '[[',
    '0x',
    'NULL',
    '7<',
    '-100</x',
    '"a"...',
    '\u0000',
    '{a={b=c}, d=e}',
  ];
  const names = [
    'mount',
    'umount2',
    'openat',
    'write',
    'capset',
    'prctl',
    'execve',
    'mknodat',
    'fsconfig',
    'move_mount',
    'prlimit64',
    'setns',
  ];
  for (const name of names) {
    for (const shape of shapes) {
      const event = calls('getpid() = 7')[0] as TraceEvent;
      event.data = { name, args: [shape, shape, shape, shape, shape], result: 3 };
      assert.doesNotThrow(() =>
        derive([event, { ...event, data: { name, args: 'none' } }, { ...event, data: { name } }]),
      );
    }
  }
});

test('strings, descriptors and fields are read as strace writes them', () => {
  const [event] = calls('x("a\\"b\\n\\x41\\101", 7</dev/null<char 1:3>>, {a=1, b={c=2, d="e, f"}, g=h|i}) = 0');
  const call = new Call(event as TraceEvent);
  assert.equal(call.string(0), 'a"b\nAA');
  assert.deepEqual(call.descriptor(1), { number: 7, name: '/dev/null' });
  assert.equal(call.field(2, 'b'), '{c=2, d="e, f"}');
  assert.equal(call.field(2, 'd'), '"e, f"');
  assert.equal(call.field(2, 'g'), 'h|i');
  assert.equal(call.field(2, 'z'), undefined);
});

test('messages to rtnetlink are links, addresses and routes of the namespace that the thread is in', () => {
  const head = (type: string): string =>
    `{nlmsg_len=60, nlmsg_type=${type}, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK, nlmsg_seq=1, nlmsg_pid=0}`;
  const link = '{ifi_family=AF_UNSPEC, ifi_type=ARPHRD_NETROM, ifi_index=0, ifi_flags=IFF_UP, ifi_change=IFF_UP}';
  const peer =
    '[{nla_len=40, nla_type=NLA_F_NESTED|VETH_INFO_PEER}, {ifi_family=AF_UNSPEC, ifi_flags=0}, [{nla_len=9, nla_type=IFLA_IFNAME}, "eth0"]]';
  const info = `[{nla_len=70, nla_type=IFLA_LINKINFO}, [[{nla_len=9, nla_type=IFLA_INFO_KIND}, "veth"], [{nla_len=50, nla_type=IFLA_INFO_DATA}, ${peer}]]]`;
  assert.deepEqual(
    effects(
      'socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3',
      `sendto(3<socket:[netlink route]>, [${head('RTM_NEWLINK')}, ${link}, [[{nla_len=9, nla_type=IFLA_IFNAME}, "veth1a2b3c4"], [{nla_len=8, nla_type=IFLA_MTU}, 1500], ${info}]], 60, 0, {sa_family=AF_NETLINK, nl_pid=0}, 12) = 60`,
      `sendto(3<socket:[netlink route]>, [${head('RTM_GETLINK')}, ${link}], 60, 0, {sa_family=AF_NETLINK}, 12) = 60`,
      'setns(5</run/docker/netns/abc>, CLONE_NEWNET) = 0',
      'socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4',
      `sendmsg(4<socket:[netlink route]>, {msg_name={sa_family=AF_NETLINK}, msg_namelen=12, msg_iov=[{iov_base=[${head('RTM_NEWADDR')}, {ifa_family=AF_INET, ifa_prefixlen=16, ifa_index=2}, [{nla_len=8, nla_type=IFA_LOCAL}, inet_addr("172.17.0.2")]], iov_len=60}], msg_iovlen=1}, 0) = 60`,
      `sendto(4<socket:[netlink route]>, [${head('RTM_NEWROUTE')}, {rtm_family=AF_INET, rtm_dst_len=0}, [[{nla_len=8, nla_type=RTA_GATEWAY}, inet_addr("172.17.0.1")], [{nla_len=8, nla_type=RTA_OIF}, 2]]], 60, 0, {sa_family=AF_NETLINK}, 12) = 60`,
    ),
    [
      'link veth <veth> to eth0 in the container mtu 1500',
      'namespace-joined network',
      'address in the container of 172.17.0.0/16',
      'route default in the container via 172.17.0.1',
    ],
  );
});

test('an iptables that ends well has made its rule; one that fails, or only looks, has not', () => {
  const events = calls(
    'execve("/usr/sbin/iptables", ["iptables", "--wait", "-t", "nat", "-A", "DOCKER", "-p", "tcp", "-j", "DNAT"], 0x7 /* 3 vars */) = 0',
  );
  const ended = (status: number): TraceEvent => ({
    ...(events[0] as TraceEvent),
    type: 'kernel.process-ended',
    data: { status },
  });
  const told = (status: number): string[] =>
    derive([...events, ended(status)]).map(({ data }) => `${data.table} ${data.chain} ${data.rule}`);
  assert.deepEqual(told(0), ['nat DOCKER -p tcp -j DNAT']);
  assert.deepEqual(told(1), []);
  const looks = calls('execve("/usr/sbin/iptables", ["iptables", "-C", "FORWARD", "-j", "X"], 0x7 /* 3 vars */) = 0');
  assert.deepEqual(derive([...looks, ended(0)]), []);
});

test('notation of any shape is read without an error, however deep', () => {
  assert.deepEqual(parseNotation('[{a=1}, [[{b=c|d}, "e, f"]], inet_addr("1.2.3.4"), 4</x, y>]'), [
    Object.assign(Object.create(null), { a: 1 }),
    [[Object.assign(Object.create(null), { b: 'c|d' }), 'e, f']],
    '1.2.3.4',
    '4</x, y>',
  ]);
  for (const text of ['', '[', '{', '{a=', '[[[', ']', '"', '{a=}', '[,,,]', '['.repeat(100_000), '{__proto__=1}']) {
    assert.doesNotThrow(() => parseNotation(text), text.slice(0, 20));
  }
});
