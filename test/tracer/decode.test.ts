// How single arguments read: what the comparison with strace (test/integration/tracer-decoding.test.ts) does not reach, and what
// arm64 has otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitStatusText } from '../../src/tracer/decode/process.ts';
import { signalSetText } from '../../src/tracer/decode/signals.ts';
import { describeCall } from '../../src/tracer/describe.ts';
import { errnoName } from '../../src/tracer/errno.ts';
import type { RawCall } from '../../src/tracer/raw.ts';
import { type Machine, syscallRows } from '../../src/tracer/table.ts';
import type { CapturedBytes } from '../../src/tracer/view.ts';

interface Told {
  machine?: Machine;
  result?: bigint;
  bytes?: Readonly<Record<number, Uint8Array>>;
  whole?: number;
}

function told(name: string, registers: readonly (number | bigint)[], more: Told = {}): string {
  const { machine = 'x64', result = 0n, bytes = {}, whole } = more;
  const six = Array.from({ length: 6 }, (_, index) => BigInt.asUintN(64, BigInt(registers[index] ?? 0)));
  const parts = (at: number): CapturedBytes[] => {
    const found = bytes[at];
    return found ? [{ bytes: found, whole: whole ?? found.length }] : [];
  };
  const number = syscallRows[name]?.[machine] ?? -1;
  const call: RawCall = { pid: 1, tid: 1, number, name, startNs: 0n, registers: six, result, parts };
  const made = describeCall(call, { machine, descriptor: () => undefined });
  return `${name}(${made.args.join(', ')}) = ${made.result ?? '?'}${made.errno === undefined ? '' : ` ${made.errno}`}`;
}

test('four flags of an open have other bits on arm64', () => {
  const bytes = { 1: Buffer.from('/') };
  assert.equal(
    told('openat', [-100, 1, 0o40000], { machine: 'arm64', bytes }),
    'openat(AT_FDCWD, "/", O_RDONLY|O_DIRECTORY) = 0',
  );
  assert.equal(told('openat', [-100, 1, 0o40000], { bytes }), 'openat(AT_FDCWD, "/", O_RDONLY|O_DIRECT) = 0');
});

test('the last two arguments of clone stand the other way round on arm64', () => {
  const flags = 0x80000 | 0x1000000 | 17;
  const x64 = 'clone(child_stack=0x1000, flags=CLONE_SETTLS|CLONE_CHILD_SETTID|SIGCHLD, tls=0x5, child_tidptr=0x4) = 0';
  assert.equal(told('clone', [flags, 0x1000, 0, 4, 5]), x64);
  assert.equal(told('clone', [flags, 0x1000, 0, 5, 4], { machine: 'arm64' }), x64);
});

test('the mode of a file stands elsewhere in the struct of arm64', () => {
  const status = Buffer.alloc(56);
  status.writeUInt32LE(0o100644, 16);
  status.writeBigUInt64LE(7n, 48);
  const args = 'fstat(3, {st_mode=S_IFREG|0644, st_size=7, ...}) = 0';
  assert.equal(told('fstat', [3, 0x1000], { machine: 'arm64', bytes: { 1: status } }), args);
});

test('a text is escaped as a C literal, and marked where it is cut', () => {
  const bytes = { 0: Buffer.from('a"\\\n\x1b[2J\x001') };
  assert.equal(told('rmdir', [1], { bytes }), 'rmdir("a\\"\\\\\\n\\33[2J") = 0');
  assert.equal(told('rmdir', [1], { bytes: { 0: Buffer.from('abc') }, whole: 4 }), 'rmdir("abc"...) = 0');
  assert.equal(told('rmdir', [1], { bytes: { 0: Buffer.from('\x015') } }), 'rmdir("\\0015") = 0');
  assert.equal(told('rmdir', [0]), 'rmdir(NULL) = 0');
  assert.equal(told('rmdir', [0x7f00]), 'rmdir(0x7f00) = 0');
});

test('flags and values without a name are numbers with a mark', () => {
  assert.equal(told('close_range', [3, 4, 0x40]), 'close_range(3, 4, 0x40 /* CLOSE_RANGE_??? */) = 0');
  assert.equal(told('close_range', [3, 4, 0x44]), 'close_range(3, 4, CLOSE_RANGE_CLOEXEC|0x40) = 0');
  assert.equal(told('lseek', [3, -1, 9]), 'lseek(3, -1, 0x9 /* SEEK_??? */) = 0');
});

test('a wait status says how the child ended or stopped', () => {
  assert.equal(waitStatusText(3 << 8), '{WIFEXITED(s) && WEXITSTATUS(s) == 3}');
  assert.equal(waitStatusText(139), '{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}');
  assert.equal(waitStatusText(0x137f), '{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}');
  assert.equal(waitStatusText(0x4057f), '{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP} | PTRACE_EVENT_EXEC << 16');
  assert.equal(waitStatusText(0xffff), '{WIFCONTINUED(s)}');
});

test('a signal set is told by what is in it, or by the little that is not', () => {
  assert.equal(signalSetText(0n), '[]');
  assert.equal(signalSetText((1n << 64n) - 1n), '~[]');
  assert.equal(signalSetText(((1n << 64n) - 1n) & ~(1n << 8n)), '~[KILL]');
  assert.equal(signalSetText((1n << 16n) | (1n << 33n)), '[CHLD RT_2]');
});

test("errors have names, those of the kernel's inside too, and addresses are hex", () => {
  assert.deepEqual(
    [errnoName(2), errnoName(11), errnoName(133), errnoName(512), errnoName(999)],
    ['ENOENT', 'EAGAIN', 'EHWPOISON', 'ERESTARTSYS', 'ERRNO_999'],
  );
  assert.equal(told('brk', [0], { result: 0x7f0000000000n }), 'brk(NULL) = 0x7f0000000000');
  assert.equal(told('getpid', [], { result: 1n << 60n }), 'getpid() = 1152921504606846976');
});

test('contents that were not read are an address', () => {
  assert.equal(told('write', [1, 0x1000, 3], { result: 3n }), 'write(1, 0x1000, 3) = 3');
  assert.equal(
    told('write', [1, 0x1000, 3], { result: 3n, bytes: { 1: Buffer.from('max') } }),
    'write(1, "max", 3) = 3',
  );
});
