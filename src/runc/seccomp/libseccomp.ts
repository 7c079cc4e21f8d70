// Filter → classic BPF through libseccomp.so.2, exported to a memfd and read back. Rule: the context is released on every path.
// koffi is loaded at the first profile that no cache has: it costs more than the rest of the compiler.
import { closeSync, fstatSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LabError } from '../../base/errors.ts';
import type { Filter, FilterCondition, FilterRule } from './check.ts';

export interface CompiledFilter {
  /** struct sock_filter, 8 bytes each. */
  program: Uint8Array;
  /** Left out: this libseccomp does not know them, so neither does its kernel's age. */
  unknownSyscalls: string[];
  /** The highest number that the profile names, for each architecture. */
  newestSyscalls: ReadonlyMap<number, number>;
}

type Context = unknown;

interface Library {
  init(action: number): Context;
  release(context: Context): void;
  addArchitecture(context: Context, architecture: number): number;
  addRule(context: Context, action: number, syscall: number, count: number, conditions: Buffer): number;
  resolve(name: string): number;
  resolveFor(architecture: number, name: string): number;
  nativeArchitecture(): number;
  export(context: Context, fd: number): number;
  memfd(name: string, flags: number): number;
}

/** @source libseccomp seccomp.h __NR_SCMP_ERROR */
const unknownSyscall = -1;
const EEXIST = 17;
const MFD_CLOEXEC = 1;

export function compileFilter(filter: Filter): CompiledFilter {
  const library = loadLibrary();
  const context = library.init(filter.defaultAction);
  if (context === null) throw new LabError('internal', 'seccomp_init(3): no filter');
  try {
    for (const architecture of filter.architectures) {
      check(library.addArchitecture(context, architecture), 'seccomp_arch_add(3)', [-EEXIST]);
    }
    const unknown = new Set<string>();
    for (const rule of filter.rules) addRule(library, context, { rule, unknown });
    return {
      program: exportProgram(library, context),
      unknownSyscalls: [...unknown],
      newestSyscalls: newest(library, filter),
    };
  } finally {
    library.release(context);
  }
}

function addRule(
  library: Library,
  context: Context,
  { rule, unknown }: { rule: FilterRule; unknown: Set<string> },
): void {
  for (const name of rule.names) {
    const syscall = library.resolve(name);
    if (syscall === unknownSyscall) {
      unknown.add(name);
      continue;
    }
    for (const conditions of rule.conditions) {
      const result = library.addRule(context, rule.action, syscall, conditions.length, encodeConditions(conditions));
      check(result, `seccomp_rule_add(3) ${name}`, [-EEXIST]);
    }
  }
}

/** struct scmp_arg_cmp: u32 argument, u32 operator, u64 value, u64 second value. @source libseccomp seccomp.h */
function encodeConditions(conditions: readonly FilterCondition[]): Buffer {
  const bytes = Buffer.alloc(Math.max(24, conditions.length * 24));
  for (const [position, condition] of conditions.entries()) {
    bytes.writeUInt32LE(condition.index, position * 24);
    bytes.writeUInt32LE(condition.operator, position * 24 + 4);
    bytes.writeBigUInt64LE(condition.value, position * 24 + 8);
    bytes.writeBigUInt64LE(condition.valueTwo, position * 24 + 16);
  }
  return bytes;
}

function exportProgram(library: Library, context: Context): Uint8Array {
  const fd = library.memfd('seccomp', MFD_CLOEXEC);
  if (fd < 0) throw new LabError('internal', 'memfd_create(2): no file for the seccomp program');
  try {
    check(library.export(context, fd), 'seccomp_export_bpf(3)', []);
    const program = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, program, 0, program.length, 0);
    return program;
  } finally {
    closeSync(fd);
  }
}

function newest(library: Library, filter: Filter): Map<number, number> {
  const names = filter.rules.flatMap((rule) => rule.names);
  const architectures = filter.architectures.length > 0 ? filter.architectures : [library.nativeArchitecture()];
  return new Map(
    architectures.map((architecture) => [
      architecture,
      names.reduce((most, name) => Math.max(most, library.resolveFor(architecture, name)), -1),
    ]),
  );
}

function check(result: number, call: string, accepted: readonly number[]): void {
  if (result < 0 && !accepted.includes(result)) {
    throw new LabError('invalidArgument', `config.json /linux/seccomp: ${call}: errno ${-result}`);
  }
}

function loadLibrary(): Library {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  let seccomp: ReturnType<typeof koffi.load>;
  try {
    seccomp = koffi.load('libseccomp.so.2');
  } catch (error) {
    throw new LabError('unavailable', 'config.json /linux/seccomp: libseccomp.so.2 cannot be loaded', {
      cause: error,
      hint: 'install the package libseccomp2',
    });
  }
  const libc = koffi.load('libc.so.6');
  return {
    init: seccomp.func('void *seccomp_init(uint32_t action)'),
    release: seccomp.func('void seccomp_release(void *context)'),
    addArchitecture: seccomp.func('int seccomp_arch_add(void *context, uint32_t architecture)'),
    addRule: seccomp.func(
      'int seccomp_rule_add_array(void *context, uint32_t action, int syscall, uint32_t count, void *conditions)',
    ),
    resolve: seccomp.func('int seccomp_syscall_resolve_name(const char *name)'),
    resolveFor: seccomp.func('int seccomp_syscall_resolve_name_arch(uint32_t architecture, const char *name)'),
    nativeArchitecture: seccomp.func('uint32_t seccomp_arch_native()'),
    export: seccomp.func('int seccomp_export_bpf(void *context, int fd)'),
    memfd: libc.func('int memfd_create(const char *name, uint32_t flags)'),
  };
}
