// Two traces compared by what they changed: which differences are told, below which cause, and which are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../src/base/text.ts';
import { countCalls, countChanges } from '../../src/explain/diff/calls.ts';
import { diffJson, diffTraces } from '../../src/explain/diff/diff.ts';
import { diffScreen } from '../../src/explain/diff/text.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';

interface Made {
  /** Hex digit that ids are made of. */
  id?: string;
  command?: string[];
  /** Field of the request → its value and the flag behind it. */
  asked?: Record<string, { value: unknown; cause: string }>;
  /** Line of config.json → cause. */
  provenance?: Record<string, string>;
  events?: Partial<TraceEvent>[];
  header?: Partial<Trace['header']>;
}

function body(asked: NonNullable<Made['asked']>): Record<string, unknown> {
  const host = Object.entries(asked).map(([pointer, { value }]) => [pointer.replace('/HostConfig/', ''), value]);
  return { Image: 'busybox', HostConfig: Object.fromEntries(host) };
}

function trace({
  id = 'a',
  command = ['run', 'busybox'],
  asked = {},
  provenance = {},
  events = [],
  header = {},
}: Made): Trace {
  const base = { seq: 0, ts: 0, pid: 10, tid: 10, span: 's'.repeat(16), truth: 'observed' as const };
  const flags = Object.fromEntries(Object.entries(asked).map(([pointer, { cause }]) => [pointer, cause]));
  const all: TraceEvent[] = [
    {
      ...base,
      stage: 'cli',
      type: 'cli.request-sent',
      data: { method: 'POST /containers/create', body: body(asked), provenance: { '': 'command:run', ...flags } },
    },
    { ...base, stage: 'daemon', type: 'daemon.spec-generated', data: { id: id.repeat(64), provenance } },
    ...events.map(
      (event): TraceEvent => ({ ...base, stage: 'kernel', type: 'kernel.operation-executed', data: {}, ...event }),
    ),
  ];
  return {
    header: {
      schema: 'tlab.trace',
      version: 2,
      id: id.repeat(32),
      command: ['tlab', 'trace', ...command],
      startedAt: '',
      clock: { base: 'CLOCK_MONOTONIC', startNs: '0' },
      host: { kernel: '6.1', architecture: 'x64', distribution: 'Debian', processors: 2, cgroup: 'v2' },
      tool: { tlab: '0.1.0', node: '26' },
      processes: [],
      seen: all.length,
      lost: 0,
      blind: [],
      ...header,
    },
    events: all.map((event, i) => ({ ...event, seq: i + 1, ts: i * 1000 })),
    unreadable: 0,
  };
}

const operation = (
  name: string,
  args: Record<string, unknown>,
  cause: string,
  more: object = {},
): Partial<TraceEvent> => ({
  cause: cause as TraceEvent['cause'],
  data: { operation: name, arguments: args, result: 0, ...more },
});

const options = { callsOf: () => () => [], calls: false };
const screen = (a: Trace, b: Trace, all = false, width = 80): string[] =>
  diffScreen(diffTraces(a, b, options), { width, all }).map(stripVTControlCharacters);

const masks = ['/proc/acpi', '/proc/keys', '/proc/kcore'].map((path, i) =>
  operation('mask_path', { path }, `config:/linux/maskedPaths/${i}`, path === '/proc/kcore' ? { errno: 'ENOENT' } : {}),
);
const privileged = { '/HostConfig/Privileged': { value: true, cause: 'flag:--privileged' } };
const memory = { '/HostConfig/Memory': { value: 67108864, cause: 'flag:--memory' } };

/** All that belongs to one run alone. */
const ownOfRun = (id: string, n: number): Partial<TraceEvent>[] => [
  {
    type: 'kernel.mount-attached',
    data: {
      source: 'overlay',
      target: `/run${n}/containerd/io.containerd.runtime.v2.task/moby/${id.repeat(64)}/rootfs`,
      fstype: 'overlay',
      options: `workdir=/d${n}/containerd/snapshots/${n}/work,upperdir=/d${n}/containerd/snapshots/${n}/fs,lowerdir=/d${n}/containerd/snapshots/1/fs`,
    },
  },
  { type: 'kernel.cgroup-made', data: { path: `/sys/fs/cgroup/tlab/${id.repeat(64)}` } },
  {
    type: 'kernel.cgroup-written',
    data: { path: `/sys/fs/cgroup/tlab/${id.repeat(64)}/cgroup.procs`, value: String(n) },
  },
  operation('setns', { path: `/run${n}/netns/${id.repeat(12)}`, type: 'network' }, 'config:/linux/namespaces/1'),
  operation('sethostname', { name: id.repeat(12) }, 'config:/hostname'),
  operation('session_keyring', { name: `_ses.${id.repeat(64)}` }, 'default:session-keyring'),
  {
    type: 'kernel.netlink-sent',
    data: {
      message: 'RTM_NEWLINK',
      namespace: 'host',
      attributes: { IFLA_IFNAME: `tlab-${id.repeat(8)}`, IFLA_LINKINFO: { IFLA_INFO_KIND: 'veth' } },
    },
  },
  {
    type: 'kernel.netlink-sent',
    data: {
      message: 'RTM_NEWADDR',
      namespace: `/run/netns/${id}`,
      attributes: { IFA_LOCAL: `172.17.0.${n}`, ifa_prefixlen: 16 },
    },
  },
  { type: 'kernel.rule-added', data: { table: 'nat', chain: 'TLAB', rule: `-d 172.17.0.${n}/32 -j DNAT` } },
];

test('ids, pids, addresses, links, folders and the order of parallel work make no difference', () => {
  const a = trace({ id: 'a', events: ownOfRun('a', 2) });
  const b = trace({ id: 'b', events: ownOfRun('b', 5).reverse() });
  assert.deepEqual(screen(a, b).slice(-1), ['no difference: 9 operations alike']);
});

test('what is only taken down at the end makes no difference', () => {
  const undone: Partial<TraceEvent>[] = [
    { type: 'kernel.cgroup-removed', data: { path: '/sys/fs/cgroup/tlab/x' } },
    { type: 'kernel.mount-detached', data: { target: '/x', flags: '' } },
    { type: 'kernel.netlink-sent', data: { message: 'RTM_DELLINK', namespace: 'host', attributes: {} } },
    { type: 'kernel.rule-removed', data: { table: 'nat', chain: 'TLAB', rule: '-j DNAT' } },
  ];
  assert.deepEqual(diffTraces(trace({}), trace({ id: 'b', events: undone }), options).groups, []);
});

test('many differences of a kind are one line below the flag that took them away', () => {
  const a = trace({ events: masks, provenance: { '/linux/maskedPaths': 'default:masked-paths' } });
  const b = trace({ id: 'b', command: ['run', '--privileged', 'busybox'], asked: privileged });
  assert.deepEqual(screen(a, b).slice(3), [
    'because of --privileged (B)',
    '  - 3 masked paths (1 not on this host): /proc/acpi, /proc/keys, /proc/kcore',
    '',
    '0 operations alike; 3 only in A (-), 0 only in B (+), 0 changed (~)',
  ]);
});

test('a flag is told with the value that was typed, and each change stands below its own flag', () => {
  const limit = { type: 'kernel.cgroup-written', cause: 'config:/linux/resources/memory/limit' } as const;
  const path = `/sys/fs/cgroup/tlab/${'b'.repeat(64)}/memory.max`;
  const readOnly = { '/HostConfig/ReadonlyRootfs': { value: true, cause: 'flag:--read-only' } };
  const b = trace({
    id: 'b',
    command: ['run', '--memory=64m', '--read-only', 'busybox'],
    asked: { ...memory, ...readOnly },
    provenance: {
      '/linux/resources/memory/limit': 'api:/HostConfig/Memory',
      '/root/readonly': 'api:/HostConfig/ReadonlyRootfs',
    },
    events: [{ ...limit, data: { path, value: '67108864' } }, operation('root_readonly', {}, 'config:/root/readonly')],
  });
  const lines = screen(trace({}), b);
  assert.deepEqual(lines.slice(3, -2), [
    'because of --memory 64m (B)',
    '  + cgroup value: memory.max = 67108864',
    '',
    'because of --read-only (B)',
    '  + root file system: read-only',
  ]);
});

test('a value that both have is told as a change; sets by what came and went', () => {
  const capset = (effective: string): Partial<TraceEvent> =>
    operation('capset', { effective, permitted: effective, inheritable: 'none' }, 'config:/process/capabilities');
  const a = trace({ events: [capset('chown,kill'), operation('umask', { mask: '022' }, 'default:umask')] });
  const b = trace({ id: 'b', events: [capset('chown,net_raw'), operation('umask', { mask: '077' }, 'default:umask')] });
  const lines = screen(a, b);
  assert.ok(lines.includes('  ~ 2 capability sets (effective, permitted): 2 → 2, -kill +net_raw'));
  assert.ok(lines.includes('  ~ process attribute umask: 022 → 077'));
});

test('a bind and its remount are one mount, and only the option that differs is told', () => {
  const mounts = (options: string): Partial<TraceEvent>[] => [
    { type: 'kernel.mount-attached', data: { source: '/h', target: '/data', fstype: '', options: '' } },
    { type: 'kernel.mount-attached', data: { source: '', target: '/data', fstype: '', options } },
  ];
  const a = trace({ events: mounts('remount,ro,nosuid,bind') });
  const b = trace({ id: 'b', events: mounts('remount,nosuid,bind') });
  assert.ok(screen(a, b).includes('  ~ mount /data: ro → rw'));
});

const bridge: Partial<TraceEvent> = {
  type: 'kernel.chain-made',
  cause: 'default:bridge-network',
  data: { table: 'nat', chain: 'TLAB' },
};

test('what the first container sets up for all is a note, no difference, and not blamed on the only flag that differs', () => {
  for (const asked of [{}, memory]) {
    const difference = diffTraces(trace({ events: [bridge] }), trace({ id: 'b', asked }), options);
    assert.deepEqual(difference.groups, []);
    assert.deepEqual(difference.notes, [
      "A also set up the engine's network (the bridge, its chains and rules): the first container since the start",
    ]);
  }
  const reversed = diffTraces(trace({}), trace({ id: 'b', events: [bridge] }), options);
  assert.match(reversed.notes.join(), /^B also/);
});

test('of two engines not all that differs is blamed on the only flag that differs', () => {
  const filter: Partial<TraceEvent> = {
    cause: 'default:seccomp-profile',
    data: { operation: 'seccomp', arguments: { program: '995 instructions' } },
  };
  const causesWith = (header: Partial<Trace['header']>): unknown[] =>
    diffTraces(trace({ events: [filter] }), trace({ id: 'b', asked: memory, header }), options).groups.map(
      ({ cause }) => cause,
    );
  assert.deepEqual(causesWith({}), ['flag:--memory']);
  assert.deepEqual(causesWith({ engine: 'docker' }), ['default:seccomp-profile']);
});

test('a network that both set up, and not alike, is a difference', () => {
  const sysctl = (value: string): Partial<TraceEvent> => ({
    ...bridge,
    type: 'kernel.file-written',
    data: { path: '/proc/sys/net/ipv4/ip_forward', value },
  });
  const difference = diffTraces(trace({ events: [sysctl('1')] }), trace({ id: 'b', events: [sysctl('0')] }), options);
  assert.equal(difference.groups.length, 1);
  assert.deepEqual(difference.notes, []);
});

test('a run that failed before its program is named, with its reason', () => {
  const failed: Partial<TraceEvent>[] = [
    { stage: 'cli', type: 'cli.response-received', data: { status: 500, error: 'OCI runtime create failed: no' } },
    { stage: 'cli', type: 'cli.command-ended', data: { status: 125 } },
  ];
  const difference = diffTraces(trace({}), trace({ id: 'b', events: failed }), options);
  assert.deepEqual(difference.notes, ['B failed before its program ran, status 125: OCI runtime create failed: no']);
});

test('a port that the engine chose makes no difference, one that was asked for does', () => {
  const rule = (hostPort: string, chosen: string): Trace => {
    const HostConfig = { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: chosen }] } };
    const request = {
      stage: 'daemon',
      type: 'daemon.request-received',
      data: { method: 'POST /containers/create', body: { HostConfig } },
    } as const;
    const added = {
      table: 'nat',
      chain: 'TLAB',
      rule: `-p tcp --dport ${hostPort} -j DNAT --to-destination 10.0.0.9:80`,
    };
    return trace({ id: hostPort.slice(0, 1), events: [request, { type: 'kernel.rule-added', data: added }] });
  };
  assert.equal(diffTraces(rule('32768', ''), rule('40000', ''), options).groups.length, 0);
  assert.equal(diffTraces(rule('8080', '8080'), rule('9090', '9090'), options).groups.length, 1);
});

test('the screen holds 24 lines of 80 columns however much differs; --all tells everything with its events', () => {
  const kinds = [
    'device_make',
    'symlink',
    'mask_path',
    'readonly_path',
    'sysctl',
    'umask',
    'sethostname',
    'hook',
    'chdir',
    'rlimit',
    'setgid',
  ];
  const events = kinds.flatMap((name) =>
    Array.from({ length: 40 }, (_, i) =>
      operation(
        name,
        {
          path: `/${name}/${'x'.repeat(30)}${i}`,
          key: `k${i}`,
          phase: `${i}`,
          resource: i,
          name: `${i}`,
          gid: i,
          mask: `${i}`,
        },
        `default:${i % 3 === 0 ? 'umask' : i % 3 === 1 ? 'dev-links' : 'own-session'}`,
      ),
    ),
  );
  const [a, b] = [trace({}), trace({ id: 'b', events })];
  const lines = screen(a, b);
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  assert.deepEqual(
    lines.filter((line) => [...line].length > 80),
    [],
  );
  assert.ok(lines.some((line) => /… and \d+ more: --all/.test(line)));
  assert.match(lines.at(-1) ?? '', /^0 operations alike; 0 only in A \(-\), \d+ only in B/);
  const all = screen(a, b, true).join('\n');
  assert.ok(all.includes('[B '));
  assert.ok(!all.includes('--all'));
  for (const width of [40, 60, 120]) {
    assert.deepEqual(
      screen(a, b, false, width)
        .slice(2, -1)
        .filter((line) => [...line].length > width),
      [],
    );
  }
});

test('nothing that a trace holds reaches the terminal as a control character', () => {
  const evil = '\x1b]0;x\x07\u202e\r\n';
  const a = trace({ command: ['run', evil], events: [operation('mask_path', { path: evil }, 'default:umask')] });
  const b = trace({ id: 'b', events: [operation(evil, { [evil]: evil }, 'default:umask')] });
  for (const line of screen(a, b, true)) assert.equal(printable(line), line);
});

test('losses, partial files and other hosts are said', () => {
  const a = trace({ header: { lost: 3 } });
  const b = { ...trace({ id: 'b' }), unreadable: 2 };
  b.header.host = { ...b.header.host, cgroup: 'hybrid' };
  const text = screen(a, b).join(' ');
  assert.match(text, /what A lacks here may have happened: LOST: 3 records/);
  assert.match(text, /what B lacks here .*: PARTIAL: 2 lines/);
  assert.match(text, /the hosts differ: cgroup v2 in A, hybrid in B/);
});

test('calls that a trace does not hold are not counted as none', () => {
  const a = trace({ header: { blind: ['system calls: the tracer is not built'] } });
  const { notes, calls } = diffTraces(a, trace({ id: 'b', header: { calls: 7 } }), {
    callsOf: () => () => [],
    calls: true,
  });
  assert.deepEqual(notes, ['A holds no system calls; system calls: the tracer is not built']);
  assert.equal(calls, undefined);
});

const started = (executable: string, childPid: number): Partial<TraceEvent> => ({
  type: 'kernel.process-executed',
  data: { executable, argv: [executable, 'create', 'x'], childPid },
});

test('a trace that does not hold what its runtime did is refused', () => {
  const a = trace({ events: [started('/x/tlab-runc', 20), ...masks] });
  const b = trace({ id: 'b', events: [started('/usr/sbin/runc', 20)] });
  assert.throws(() => diffTraces(a, b, options), {
    message: /^B does not say what runc did: expected its system calls/,
  });
});

test('where the runtimes differ their calls are counted, housekeeping folded; else only when asked', () => {
  const call = (pid: number, name: string, process: string, noise = false): TraceEvent => ({
    ...(trace({}).events[0] as TraceEvent),
    stage: 'kernel',
    type: 'kernel.syscall-made',
    pid,
    tid: pid,
    data: { name, args: [], process, ...(noise && { noise }) },
  });
  const fork: TraceEvent = { ...call(20, '', ''), type: 'kernel.process-forked', data: { childPid: 21, childTid: 21 } };
  const calls = [
    call(20, 'mount', 'exe'),
    call(20, 'futex', 'exe', true),
    fork,
    call(21, 'mount', '6'),
    call(9, 'read', 'daemon'),
  ];
  const counts = countCalls(trace({ events: [started('/usr/sbin/runc', 20)] }).events, () => calls);
  const runtime = counts.get('runtime');
  assert.deepEqual([runtime?.total, runtime?.noise, runtime?.pids.size], [3, 1, 2]);
  assert.deepEqual([...(runtime?.names ?? [])], [['mount', 2]]);
  assert.deepEqual(countChanges(undefined, runtime), [{ name: 'mount', a: 0, b: 2 }]);

  const a = trace({ events: [started('/x/tlab-runc', 20), ...masks] });
  const b = trace({ id: 'b', events: [started('/usr/sbin/runc', 20), ...masks] });
  const callsOf = (of: Trace) => () => (of === a ? [call(20, 'mount', 'runc')] : calls);
  assert.deepEqual(diffTraces(a, b, { callsOf, calls: false }).calls?.roles, ['runtime']);
  assert.deepEqual(diffTraces(a, b, { callsOf, calls: true }).calls?.roles, ['daemon', 'runtime']);
  assert.equal(diffTraces(a, trace({ events: a.events }), { callsOf, calls: false }).calls, undefined);
});

test('the comparison as JSON names kind, subject, values, events and cause', () => {
  const a = trace({ events: masks, provenance: { '/linux/maskedPaths': 'default:masked-paths' } });
  const b = trace({ id: 'b', asked: privileged });
  const json = diffJson(diffTraces(a, b, options)) as { schema: string; asked: string[]; differences: unknown[] };
  assert.equal(json.schema, 'tlab.trace-diff');
  assert.deepEqual(json.asked, ['flag:--privileged']);
  assert.deepEqual(json.differences[0], {
    cause: 'flag:--privileged',
    kind: 'masked',
    subject: '/proc/acpi',
    a: { value: '', events: [3] },
  });
});
