// The table of system calls against the machine's own headers, and against any registers and bytes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { describeCall } from '../../src/tracer/describe.ts';
import type { RawCall } from '../../src/tracer/raw.ts';
import { type Machine, syscallName, syscallRows } from '../../src/tracer/table.ts';
import type { CapturedBytes, ProcessView } from '../../src/tracer/view.ts';

/** What arm64 asks asm-generic/unistd.h for. @source linux arch/arm64/include/uapi/asm/unistd.h */
const arm64 = ['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'TIME32_SYSCALLS', 'SYS_CLONE3', 'MEMFD_SECRET']
  .map((name) => `#define __ARCH_WANT_${name}`)
  .join('\n');
const sources: Record<Machine, string> = {
  x64: '#include <x86_64-linux-gnu/asm/unistd_64.h>',
  arm64: `#define __BITS_PER_LONG 64\n${arm64}\n#include <asm-generic/unistd.h>`,
};

/** Younger than the headers of Debian 12 (Linux 6.1). @source linux scripts/syscall.tbl, arch/x86/entry/syscalls/syscall_64.tbl */
const younger = {
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
  listns: 470,
  rseq_slice_yield: 471,
};
const youngerOfX64 = { uretprobe: 335, uprobe: 336 };

function headerNumbers(machine: Machine): Map<string, number> {
  const text = execFileSync('gcc', ['-E', '-dM', '-I/usr/include', '-'], { input: sources[machine], encoding: 'utf8' });
  const defined = new Map([...text.matchAll(/^#define (__NR\w*) (\w+)$/gm)].map((match) => [match[1], match[2]]));
  const numbers = new Map<string, number>();
  for (const [name, value] of defined) {
    let number = value;
    while (number !== undefined && defined.has(number)) number = defined.get(number);
    if (name?.startsWith('__NR_') && /^\d+$/.test(number ?? '')) numbers.set(name.slice(5), Number(number));
  }
  for (const name of ['syscalls', 'arch_specific_syscall']) numbers.delete(name);
  return numbers;
}

/** linux-libc-dev has the x86-64 numbers only on such a machine; those of arm64 are everywhere. */
const checkable: Machine[] = process.arch === 'x64' ? ['x64', 'arm64'] : ['arm64'];

for (const machine of checkable) {
  test(`every call of ${machine} has a row with its number, and no row has a number of its own invention`, () => {
    const expected = headerNumbers(machine);
    for (const [name, number] of Object.entries({ ...younger, ...(machine === 'x64' ? youngerOfX64 : {}) })) {
      if (!expected.has(name)) expected.set(name, number);
    }
    const rows = Object.entries(syscallRows).flatMap(([name, row]) =>
      row[machine] === undefined ? [] : [[name, row[machine]] as const],
    );
    const byName = (a: readonly [string, number], b: readonly [string, number]): number => (a[0] < b[0] ? -1 : 1);
    assert.deepEqual(rows.sort(byName), [...expected].sort(byName));
  });
}

test('a number without a row, and one of another table, are no false name', () => {
  assert.equal(syscallName('x64', 999), 'syscall_999');
  assert.equal(syscallName('x64', 20, 'i386'), 'i386_syscall_20');
});

/** The same numbers in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

function anyCall(name: string, machine: Machine, next: () => number, select: bigint | undefined): RawCall {
  const registers = Array.from({ length: 6 }, () => {
    const kind = next() % 5;
    const word = (BigInt(next()) << 32n) | BigInt(next());
    return [0n, BigInt(next() % 64), BigInt(next()), word, BigInt.asUintN(64, -BigInt(next() % 200))][kind] ?? 0n;
  });
  if (select !== undefined) registers[next() % 3] = select;
  const parts = registers.map((): CapturedBytes[] =>
    Array.from({ length: next() % 4 }, () => {
      const bytes = Uint8Array.from({ length: next() % 300 }, () => next() >>> 24);
      return { bytes, whole: next() % 3 === 0 ? -14 : bytes.length + (next() % 50) };
    }),
  );
  const result = [0n, BigInt(next() % 300), -BigInt(next() % 600), undefined][next() % 4];
  const number = syscallRows[name]?.[machine] ?? 0;
  const base = { pid: 1, tid: 1, number, name, startNs: 0n, registers, parts: (at: number) => parts[at] ?? [] };
  return result === undefined ? base : { ...base, result };
}

for (const machine of ['x64', 'arm64'] as const) {
  test(`no registers and no bytes make a row of ${machine} throw`, () => {
    const process: ProcessView = { machine, descriptor: (fd) => (fd % 3 === 0 ? `/file${fd}` : undefined) };
    const next = numbers(20240229);
    for (const [name, row] of Object.entries(syscallRows)) {
      if (row[machine] === undefined) continue;
      const selects = [undefined, undefined, undefined, ...(row.variants ?? []).map(({ equals }) => BigInt(equals))];
      for (const select of selects) {
        const call = anyCall(name, machine, next, select);
        const { args } = describeCall(call, process);
        const wrong = args.find((text) => text.includes('undecoded') || /undefined|NaN|\[object/.test(text));
        assert.equal(wrong, undefined, `${name}(${args.join(', ')})`);
      }
    }
  });
}

test('every row names its source', () => {
  for (const [name, row] of Object.entries(syscallRows))
    assert.match(row.source, /^(man \S+\(\d\)|linux \S+|uapi \S+)/, name);
});
