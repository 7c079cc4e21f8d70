// Explanations: every row is reached, says something that can be read, and agrees with the tables that it speaks of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Call } from '../../src/explain/call.ts';
import { eventRows } from '../../src/explain/events.ts';
import { explain } from '../../src/explain/explain.ts';
import { messageRows } from '../../src/explain/messages.ts';
import { operationRows } from '../../src/explain/operations.ts';
import { cgroupOf, cgroupRows } from '../../src/explain/subjects/cgroup.ts';
import { mountOfCall, mountRows } from '../../src/explain/subjects/mount.ts';
import { netlinkRows } from '../../src/explain/subjects/netlink.ts';
import { ruleRows } from '../../src/explain/subjects/rule.ts';
import { syllabus } from '../../src/explain/syllabus.ts';
import { callRows } from '../../src/explain/syscalls/explain.ts';
import { phrases } from '../../src/explain/syscalls/phrases.ts';
import { type Explanation, rowFor } from '../../src/explain/words-row.ts';
import { type OperationName, operations } from '../../src/runc/plan/operations.ts';
import type { TraceEvent } from '../../src/trace/file.ts';
import { syscallRows } from '../../src/tracer/table.ts';
import {
  callExamples,
  cgroupExamples,
  eventExamples,
  messageExamples,
  mountExamples,
  netlinkExamples,
  operationExamples,
  ruleExamples,
} from './examples.ts';
import { call, event, operation } from './synthetic.ts';

const explained = (of: TraceEvent, by?: TraceEvent): Explanation => {
  const explanation = explain(of, by);
  assert.ok(explanation, `${of.type} has no explanation`);
  return explanation;
};

/** Every example with its words: what the tests below read. */
const all: Array<[row: string, explanation: Explanation]> = [
  ...Object.entries(callExamples).map(([row, [line, by]]) => [row, explained(call(line), by)] as [string, Explanation]),
  ...Object.entries(mountExamples).map(([row, line]) => [row, explained(call(line))] as [string, Explanation]),
  ...Object.entries(cgroupExamples).map(
    ([row, [file, value]]) =>
      [row, explained(call(`write(9</sys/fs/cgroup/c1/${file}>, "${value}", 1) = 1`))] as [string, Explanation],
  ),
  ...Object.entries(netlinkExamples).map(
    ([row, sent]) => [row, explained(call(`daemon: sendto(3, ${sent}, 32, 0, NULL, 0) = 32`))] as [string, Explanation],
  ),
  ...Object.entries(ruleExamples).map(
    ([row, [table, chain, rule]]) =>
      [row, explained(event('kernel.rule-added', { table, chain, rule }))] as [string, Explanation],
  ),
  ...Object.entries({ ...eventExamples, ...messageExamples }).map(
    ([row, one]) => [row, explained(one)] as [string, Explanation],
  ),
  ...Object.keys(operations).map(
    (name) =>
      [`operation-${name}`, explained(operation(name, operationExamples[name as OperationName]))] as [
        string,
        Explanation,
      ],
  ),
];

test('each row is reached by its example, and by way of explain()', () => {
  const subjects = {
    calls: Object.entries(callExamples).map(([row, [line, by]]) => {
      const subject = new Call(call(line), by);
      return [
        row,
        rowFor(
          callRows.filter((one) => one.calls.includes(subject.name)),
          subject,
        )?.id,
      ];
    }),
    mounts: Object.entries(mountExamples).map(([row, line]) => [
      row,
      rowFor(mountRows, mountOfCall(new Call(call(line))))?.id,
    ]),
    cgroups: Object.entries(cgroupExamples).map(([row, [file, value]]) => [
      row,
      rowFor(cgroupRows, cgroupOf(file, value))?.id,
    ]),
    netlink: Object.entries(netlinkExamples).map(([row, text]) => [
      row,
      rowFor(netlinkRows, { text, message: /RTM_\w+|NFT_\w+/.exec(text)?.[0] ?? '', namespace: '' })?.id,
    ]),
    rules: Object.entries(ruleExamples).map(([row, [table, chain, rule]]) => [
      row,
      rowFor(ruleRows, { table, chain, rule })?.id,
    ]),
    events: Object.entries(eventExamples).map(([row, one]) => [row, rowFor(eventRows, one)?.id]),
    messages: Object.entries(messageExamples).map(([row, one]) => [row, rowFor(messageRows, one)?.id]),
  };
  for (const pairs of Object.values(subjects)) for (const [row, found] of pairs) assert.equal(found, row);
});

test('no row is without an example, and no two have the same id', () => {
  const ids = [callRows, mountRows, cgroupRows, netlinkRows, ruleRows, eventRows, messageRows, operationRows].flatMap(
    (rows) => rows.map((row) => row.id),
  );
  assert.deepEqual(ids.toSorted(), all.map(([row]) => row).toSorted());
  assert.equal(new Set(ids).size, ids.length);
});

/** Names that are never written with a capital may begin a sentence. */
const whole =
  /^([A-Z0-9`/-]|(pivot_root|mount\(2\)|setns|mq_open|shm_open|open\(2\)|containerd|config\.json|ping)(?!\w)).*\.$/s;

test('every sentence is whole: it begins with a capital or a command, ends with a period, has nothing left out', () => {
  const texts = all.flatMap(([row, { does, now, without }]) => [does, now, without].map((text) => ({ row, text })));
  const faulty = texts.filter(
    ({ text }) =>
      text !== undefined &&
      (!whole.test(text) || /undefined|NaN| {2}| [,;:]| \.( |$)|\.\.( |$)|\[object/.test(text) || text.length > 400),
  );
  assert.deepEqual(faulty, []);
});

test('every explanation has a source tag', () => {
  const form =
    /^(man [\w-]+\(\w+\)|kernel \S+\.(rst|txt)( \w+)?|oci-[\w-]+ \S.*|docker-\S+( \S.*)?|containerd \S.*|tlab doors)$/;
  for (const [row, { source }] of all) assert.match(source, form, row);
});

test('the course has 136 entries; explanations point to entries of it; each title is short', () => {
  assert.equal(Object.keys(syllabus).length, 136);
  const used = new Set(all.flatMap(([, { shows }]) => shows));
  assert.deepEqual(
    [...used].filter((id) => !Object.hasOwn(syllabus, id)),
    [],
  );
  for (const [id, title] of Object.entries(syllabus)) {
    assert.match(id, /^[A-Z]{3}-\d+$/);
    assert.ok(title.length <= 75 && !title.endsWith('.'), id);
  }
});

test('the operations of the plan are explained, each with its place in the order', () => {
  assert.deepEqual(
    operationRows.map((row) => row.id.slice('operation-'.length)).toSorted(),
    Object.keys(operations).toSorted(),
  );
  for (const row of operationRows) assert.ok(row.now !== undefined && row.without !== undefined, row.id);
});

test('a call that a row speaks of is in the table of system calls, and so is every call in the list of phrases', () => {
  const known = new Set(Object.keys(syscallRows));
  assert.deepEqual(
    callRows.flatMap((row) => row.calls).filter((name) => !known.has(name) && name !== 'umount'),
    [],
  );
  assert.deepEqual(
    Object.keys(syscallRows).filter((name) => phrases[name] === undefined),
    [],
  );
});

test('a call without a row has the phrase of its name and the reasons of the step that it is part of', () => {
  const { does, now, without } = explained(call('close(9) = 0'), operation('mask_path', { path: '/proc/keys' }));
  assert.equal(does, '`close`: give a descriptor back.');
  assert.match(now ?? '', /^One step of mask_path\. After \/proc/);
  assert.match(without ?? '', /^Of the whole step: The container could read/);
});

test("the container's own calls are not explained by the engine's reasons", () => {
  const { now, without } = explained(call('container: mount("proc", "/proc", "proc", 0, NULL) = 0'), operation('exec'));
  assert.match(now ?? '', /container's own program/);
  assert.equal(without, undefined);
});

test('a call that nobody knows is named as such', () => {
  assert.match(explained(call('syscall_999(1, 2) = 0')).does, /does not know, by its number/);
  assert.match(explained(call('i386_syscall_20() = 0')).does, /32-bit table/);
});

test('noise says that it is noise', () => {
  const noise = call('daemon: futex(0x1, FUTEX_WAKE) = 0');
  assert.match(explained({ ...noise, data: { ...noise.data, noise: true } }).now ?? '', /Housekeeping/);
});

test('the target of a mount on "." is that of the operation', () => {
  const target = event('kernel.mount-attached', { source: 'proc', target: '/proc', fstype: 'proc', options: '' });
  assert.match(explained(call('mount("proc", ".", "proc", 0, "") = 0'), target).does, /^Mounts a procfs on \/proc\./);
});

test('a flag in a string or in the name of a file is no flag', () => {
  const { does } = explained(call('mount("MS_BIND", "/MS_SLAVE", "tmpfs", 0, NULL) = 0'));
  assert.match(does, /^Mounts a tmpfs on \/MS_SLAVE/);
  assert.match(explained(call('seccomp(SECCOMP_GET_ACTION_AVAIL, 0, "SECCOMP_SET_MODE_FILTER") = 0')).does, /^Asks/);
});

test('a filter that is only a question is told from one that is installed', () => {
  const probe = call('seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, NULL) = -1 EFAULT');
  assert.match(explained(probe).does, /^Asks what the kernel's seccomp knows/);
});

test('whether a masked path is a file is told by the result', () => {
  const masked = operation('mask_path', { path: '/proc/acpi' }, { result: 1 });
  assert.match(explained(masked).does, /tmpfs \(it is a directory\)/);
  assert.match(explained(operation('mask_path', { path: '/proc/keys' })).does, /\/dev\/null \(it is a file\)/);
});

test("a runtime's reasons are not given to another program that makes the same call", () => {
  const step = event('containerd.snapshot-prepared', { key: 'extract-1' });
  const { does, now, without } = explained(call('tlab-unpack: chroot(".") = 0'), step);
  assert.match(does, /^Absolute paths/);
  assert.match(now ?? '', /^One step of snapshot prepared\./);
  assert.doesNotMatch(without ?? '', /pivot_root|old root/);
  assert.match(explained(call('runc:[2:INIT]: chroot(".") = 0')).without ?? '', /old root/);
});

test('a capability is named by the argument, not by the option before it', () => {
  const lowered = call('prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0) = 0');
  assert.match(explained(lowered).does, /^Removes CAP_CHOWN from/);
});

test('a program whose name only contains that of a runtime is none', () => {
  const truncate = event('kernel.process-executed', { executable: '/usr/bin/truncate', argv: ['truncate', 'create'] });
  assert.equal(explained(truncate).does, 'Runs truncate create.');
});

test('odd data never throws: missing arguments, other types, nothing at all', () => {
  for (const name of [...Object.keys(phrases), 'constructor', '__proto__', 'toString']) {
    for (const data of [{ name }, { name, args: [null, 7, {}] }, { name, args: 'x' }, {}]) {
      explained(event('kernel.syscall-made', data as Record<string, unknown>));
    }
  }
  for (const type of ['kernel.mount-attached', 'kernel.netlink-sent', 'kernel.rule-added', 'kernel.cgroup-written']) {
    explained(event(type, {}));
  }
  for (const word of ['constructor', '__proto__']) {
    assert.match(explained(call(`${word}(1) = 0`)).does, /does not know/);
    explained(call(`mount("overlay", "/x", "overlay", ${word}, "${word}") = 0`));
    explained(call(`write(3</sys/fs/cgroup/c/devices.allow>, "${word} ${word} ${word}", 1) = 1`));
    explained(call('close(3) = 0'), event(word, {}));
  }
  explain(event('kernel.operation-executed', { operation: 7, arguments: null }));
  assert.equal(explain(event('somebody.else', {})), undefined);
});

test('an answer says whether the work was done, failed, or became a stream', () => {
  const answer = (data: Record<string, unknown>): string | undefined =>
    explained(event('daemon.response-sent', { door: 'http', method: 'POST /containers/c1/start', ...data })).now;
  assert.match(answer({ status: 204 }) ?? '', /is done\.$/);
  assert.match(answer({ status: 400, error: 'no such program' }) ?? '', /failed or was refused/);
  assert.match(answer({ status: 101 }) ?? '', /streams/);
});
