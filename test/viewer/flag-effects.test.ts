// `tlab why --flag`: what a flag caused; that it says "nothing" where it caused nothing, and why it cannot tell.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { callLine } from '../../src/trace/call-line.ts';
import type { Trace, TraceEvent } from '../../src/trace/file.ts';
import { flagLines } from '../../src/viewer/flag-effects.ts';
import { call, event } from '../explain/synthetic.ts';

const cgroup = '/sys/fs/cgroup/memory/tlab/c1';
const events: TraceEvent[] = [
  event(
    'cli.request-sent',
    {
      door: 'http',
      peer: 'daemon',
      method: 'POST /containers/create',
      provenance: {
        '': 'command:run',
        '/HostConfig/Memory': 'flag:--memory',
        '/HostConfig/AutoRemove': 'flag:--rm',
        '/HostConfig/PortBindings/80~1tcp': 'flag:--publish',
      },
    },
    { seq: 1, stage: 'cli', ts: 0, cause: 'command:run' },
  ),
  event(
    'daemon.spec-generated',
    { provenance: { '/linux/resources/memory/limit': 'api:/HostConfig/Memory', '/mounts': 'default:default-mounts' } },
    { seq: 2, stage: 'daemon', ts: 1 },
  ),
  event(
    'kernel.cgroup-written',
    { path: `${cgroup}/memory.limit_in_bytes`, value: '268435456' },
    { seq: 3, cause: 'config:/linux/resources/memory/limit', twin: `echo 268435456 > ${cgroup}/memory.limit_in_bytes` },
  ),
  event('kernel.cgroup-made', { path: cgroup }, { seq: 4, cause: 'default:default-mounts' }),
];
const header = {
  command: ['tlab', 'trace', 'run', '--memory', '256m', '--rm', '--name', 'web', 'nginx'],
  calls: 4,
} as Trace['header'];

const operationCall = (seq: number, operation: number, line: string, noise = false): string => {
  const made = call(line, { seq });
  const data = { ...made.data, operation, ...(noise && { noise }) };
  return callLine({ ...made, data }, events[operation - 1]);
};

const folder = mkdtempSync(`${tmpdir()}/tlab-flag-`);
test.after(() => rmSync(folder, { recursive: true }));
const path = `${folder}/trace.jsonl`;
writeFileSync(
  path,
  `${[
    operationCall(10, 3, `openat(AT_FDCWD</>, "${cgroup}/memory.limit_in_bytes", O_WRONLY) = 9`),
    operationCall(11, 3, 'futex(0x1, FUTEX_WAKE) = 0', true),
    operationCall(12, 3, `write(9<${cgroup}/memory.limit_in_bytes>, "268435456", 9) = 9`),
    operationCall(13, 4, `mkdir("${cgroup}", 0755) = 0`),
  ].join('\n')}\n`,
);

const trace: Trace = { header, events, unreadable: 0, calls: { path, offset: 0 } };
const lines = (flag: string, of: Trace = trace): string => stripVTControlCharacters(flagLines(of, flag, 80).join('\n'));

test('a flag leads to its field, its line of config.json, its operation with the twin, and the calls that carry it out', () => {
  assert.deepEqual(lines('--memory').split('\n'), [
    '--memory  in: tlab trace run --memory 256m --rm --name web nginx',
    'request     /HostConfig/Memory',
    'config.json /linux/resources/memory/limit',
    'kernel      3 write 268435456 to',
    `            ${cgroup}/memory.limit_in_bytes [3 calls]`,
    `            $ echo 268435456 > ${cgroup}/memory.limit_in_bytes`,
    'calls       3 (1 of them housekeeping): openat 1, write 1',
    '            10 openat(AT_FDCWD</>, "/sys/fs/cgrou…limit_in_bytes", O_WRONLY) = 9',
    '            12 write(9</sys/fs/cgroup/memory/tlab…in_bytes>, "268435456", 9) = 9',
  ]);
});

test('the command is broken like all lines, and the errno of a call is never cut', () => {
  const command = ['tlab', 'trace', 'run', '--memory', '256m', '--volume', `/${'v'.repeat(40)}:/data`, 'nginx'];
  const failed = join(folder, 'failed.jsonl');
  const args = [`"${cgroup}/${'m'.repeat(40)}/memory.limit_in_bytes"`, 'O_WRONLY'];
  const data = { name: 'open', args, result: -1, errno: 'ENOENT', process: 'runc', operation: 3 };
  writeFileSync(failed, `${callLine(event('kernel.syscall-made', data, { seq: 10 }))}\n`);
  const of: Trace = { ...trace, header: { ...header, command }, calls: { path: failed, offset: 0 } };
  const told = lines('--memory', of).split('\n');
  for (const line of told) assert.ok(line.length <= 80 || line.trim().startsWith('$ '), line);
  assert.match(told.at(-1) ?? '', /= -1 ENOENT$/);
});

test('a rule is carried out by the batch of its table that iptables-restore sends, not by what the daemon does meanwhile', () => {
  const rule = { table: 'nat', chain: 'TLAB', rule: '-j DNAT' };
  const ruled = [
    ...events.slice(0, 2),
    event('kernel.process-executed', { executable: '/usr/sbin/iptables-restore', argv: [] }, { seq: 20 }),
    event('kernel.rule-added', rule, { seq: 30, cause: 'api:/HostConfig/PortBindings/80~1tcp' }),
  ];
  const batch = (seq: number, table: string): string => {
    const args = ['3', `{NFT_MSG_NEWRULE, [{nla_type=NFTA_RULE_TABLE}, "${table}"]}`, '0'];
    const data = { name: 'sendmsg', args, result: 8, process: 'iptables-restore', operation: 20 };
    return callLine(event('kernel.syscall-made', data, { seq }));
  };
  const close = { name: 'close', args: ['4'], result: 0, process: 'daemon', operation: 30 };
  const file = join(folder, 'rules.jsonl');
  const written = [batch(21, 'filter'), batch(22, 'nat'), callLine(event('kernel.syscall-made', close, { seq: 29 }))];
  writeFileSync(file, `${written.join('\n')}\n`);
  const text = lines('--publish', { ...trace, events: ruled, calls: { path: file, offset: 0 } });
  assert.match(text, /calls {7}1: sendmsg 1\n {12}22 sendmsg/);
});

test('of very many lines the first are shown, and how many more there are', () => {
  const provenance = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`/linux/devices/${i}`, 'api:/HostConfig/Memory']),
  );
  const spec = event('daemon.spec-generated', { provenance }, { seq: 2, stage: 'daemon', ts: 1 });
  const text = lines('--memory', { header, events: [events[0] as TraceEvent, spec], unreadable: 0 });
  assert.match(text, /config\.json \/linux\/devices\/0\n( {12}\/linux.*\n){7} {12}… 42 more/);
});

test('a flag that is kept above the kernel says so', () => {
  const text = lines('--rm');
  assert.match(text, /request {5}\/HostConfig\/AutoRemove/);
  assert.match(text, /Nothing in the kernel/);
});

test('a flag that was not given: nothing, and which flags there are', () => {
  assert.match(lines('--cpus'), /nothing: this flag was not given\.\nFlags of this trace: --memory, --publish, --rm/);
});

test('a flag that was given and caused no event: nothing either', () => {
  assert.match(lines('--name'), /nothing: it was given/);
});

test("a foreign client's trace says what is missing", () => {
  const foreign = events.map((one) => ({ ...one, data: { ...one.data, provenance: undefined } }));
  assert.match(lines('--memory', { ...trace, events: foreign }), /cannot tell: this trace holds no provenance/);
});

test('a trace without system calls says so', () => {
  assert.match(lines('--memory', { header, events, unreadable: 0 }), /System calls: this trace holds none\./);
});

test('no line is wider than the terminal, but for commands, which stand whole to be copied', () => {
  for (const line of lines('--memory').split('\n')) assert.ok(line.length <= 80 || line.trim().startsWith('$ '), line);
});
