// `tlab why` as a person sees it: four events at 80 columns, word for word; hostile data; screens that hold everything.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { explainEvent } from '../../src/viewer/explain.ts';
import { call, event, operation } from '../explain/synthetic.ts';

const request = event(
  'cli.request-sent',
  {
    door: 'http',
    peer: 'daemon',
    method: 'POST /containers/create',
    parent: 'z',
    provenance: { '': 'command:run', '/HostConfig/CapAdd': 'flag:--cap-add' },
  },
  { seq: 1, stage: 'cli', ts: 0, cause: 'command:run' },
);
const spec = event(
  'daemon.spec-generated',
  {
    provenance: {
      '/mounts/0': 'default:default-mounts',
      '/process/capabilities': 'api:/HostConfig/CapAdd',
      '/linux/namespaces': 'default:default-namespaces',
    },
  },
  { seq: 2, stage: 'daemon', ts: 1 },
);
const mount = event(
  'kernel.mount-attached',
  { source: 'proc', target: '/proc', fstype: 'proc', options: 'nosuid,nodev,noexec' },
  { seq: 3, cause: 'config:/mounts/0', twin: 'mount -t proc proc /r/proc', truth: 'reported' },
);
const held = (seq: number, one: TraceEvent, rest: Partial<TraceEvent>): TraceEvent => ({ ...one, ...rest, seq });
const capabilities = held(
  4,
  operation('capset', { effective: 'chown,kill', permitted: 'chown,kill', inheritable: 'none' }),
  {
    cause: 'config:/process/capabilities',
  },
);
const clone = held(5, operation('clone', { flags: 'mount,uts,ipc,pid' }), {
  cause: 'config:/linux/namespaces',
  twin: 'unshare --fork --mount --uts --ipc --pid',
});
const link = event(
  'kernel.netlink-sent',
  {
    message: 'RTM_NEWLINK',
    attributes: { IFLA_IFNAME: 'tlab-1', IFLA_MASTER: 2, IFLA_LINKINFO: { IFLA_INFO_KIND: 'veth' } },
    namespace: 'host',
  },
  { seq: 6, cause: 'default:cli-network', twin: 'ip link add tlab-1 type veth peer name eth0' },
);

const trace: Trace = {
  header: {
    command: ['tlab', 'trace', 'run', '--cap-add', 'SYS_TIME', 'busybox'],
    seen: 6,
  } as Trace['header'],
  events: [request, spec, mount, capabilities, clone, link],
  unreadable: 0,
};
const carriedOutBy = (seq: number, line: string): TraceEvent => {
  const made = call(line, { seq: 10 + seq });
  return { ...made, data: { ...made.data, durationNs: 2500, operation: seq } };
};
const calls = [
  carriedOutBy(3, 'mount("proc", ".", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, "") = 0'),
  carriedOutBy(
    4,
    'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL, permitted=1<<CAP_CHOWN|1<<CAP_KILL, inheritable=0}) = 0',
  ),
  carriedOutBy(
    5,
    'clone3({flags=CLONE_PIDFD|CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_INTO_CGROUP, pidfd=0x7f, exit_signal=SIGCHLD, cgroup=10</sys/fs/cgroup/tlab/c1>}, 88) = 4712',
  ),
  carriedOutBy(
    6,
    'daemon: sendto(32<socket:[netlink route]>, [{nlmsg_len=148, nlmsg_type=RTM_NEWLINK}, {ifi_family=AF_UNSPEC, ifi_flags=IFF_UP}, [[{nla_type=IFLA_IFNAME}, "tlab-1"], [{nla_type=IFLA_MASTER}, 2], [{nla_type=IFLA_INFO_KIND}, "veth"], [{nla_type=IFLA_NET_NS_FD}, 34]]], 148, 0, NULL, 0) = 148',
  ),
];
const plain = (one: TraceEvent, width = 80): string =>
  stripVTControlCharacters(explainEvent(trace, one, width).join('\n'));

const golden = new URL('why.golden.txt', import.meta.url);

/** Rewritten by TLAB_REWRITE_GOLDENS=1 node --test test/viewer/explain.test.ts */
test('the mount of /proc, capset, a veth pair and the clone read as they are kept here', () => {
  const seen = `${calls.map((one) => plain(one)).join('\n\n')}\n`;
  if (process.env.TLAB_REWRITE_GOLDENS === '1') writeFileSync(golden, seen);
  assert.equal(seen, readFileSync(golden, 'utf8'));
});

test('an explanation fits a screen of 80 columns and some thirty lines', () => {
  for (const one of [...calls, mount, capabilities, clone, link, request]) {
    const lines = plain(one).split('\n');
    assert.ok(lines.length <= 32, `${one.seq}: ${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
});

test('the chain leads from a system call by its operation to what was typed', () => {
  assert.match(
    plain(calls[1] as TraceEvent),
    /because {2}1\. event 4: capset.*\n(?: {12}.*\n)* {9}2\. config\.json \/process\/capabilities\n {9}3\. the request's field \/HostConfig\/CapAdd\n {9}4\. you gave --cap-add, in: tlab trace run/,
  );
});

test('lists that are wider than the screen go on in the next line, whole', () => {
  const flags = Array.from({ length: 12 }, (_, i) => `CLONE_FLAG_${i}`).join('|');
  const text = plain(call(`unshare(${flags}) = 0`));
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  assert.ok(text.replaceAll('\n  ', '').includes(flags));
});

test('a twin that does not fit the line stands whole, to be copied', () => {
  const twin = `mount -t proc ${'x'.repeat(120)}`;
  assert.ok(
    plain({ ...mount, twin })
      .split('\n')
      .includes(`  ${twin}`),
  );
});

test('derived events say what that means', () => {
  assert.match(plain({ ...mount, truth: 'derived' }), /derived: nobody reported this; it was matched by the arguments/);
});

test('a call whose operation this trace does not hold says that the chain ends', () => {
  assert.match(plain(carriedOutBy(999, 'close(9) = 0')), /the chain ends here/);
});

test('an errno is told in words, and what was only tried is not told as done', () => {
  assert.match(plain(call('mkdir("/x", 0755) = -1 EEXIST')), /\ntried {4}Makes the directory/);
  assert.match(plain(call('openat(3, "x", O_RDONLY) = -1 ENOENT')), /ENOENT: no such file or directory/);
});

test('nothing of an event moves the cursor', () => {
  const bad = '\x1b[2J\x07\u202e';
  const events = [
    call(`open("${bad}", O_RDONLY) = 0`),
    event(`kernel.${bad}`, { [bad]: bad }),
    { ...mount, twin: bad, data: { ...mount.data, target: bad, errno: bad } },
  ];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  for (const one of events) assert.doesNotMatch(plain(one), /[\x00-\x09\x0b-\x1f\u202e]/);
});
