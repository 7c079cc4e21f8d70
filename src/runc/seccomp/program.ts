// Profile → the program's bytes, from memory, from the file cache, or from libseccomp (about 30 ms for Docker's default profile).
// The file cache is a convenience: whatever is wrong with it, the profile is compiled again. It belongs to root alone, since what
// stands there decides what containers may do.
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { paths } from '../../base/paths.ts';
import type { SeccompProfile } from '../../oci/runtime-seccomp.ts';
import { emit } from '../../trace/recorder.ts';
import { refusal } from '../compile/context.ts';
import { checkProfile } from './check.ts';
import { enosysStub } from './enosys.ts';
import { compileFilter } from './libseccomp.ts';

interface Program {
  bytes: Uint8Array;
  unknownSyscalls: string[];
}

/** @source uapi linux/filter.h BPF_MAXINSNS */
const maxInstructions = 4096;
const rememberedProfiles = 32;
/** Programs of this process, oldest first: an engine sees the same few profiles all its life. */
const remembered = new Map<string, Program>();

export function seccompProgram(profile: SeccompProfile): Uint8Array {
  const startedMs = performance.now();
  const key = profileKey(profile);
  const { program, origin } = findProgram(key, profile);
  emit('runc.seccomp-compiled', {
    data: {
      profileSha256: key,
      instructions: program.bytes.length / 8,
      durationUs: Math.round((performance.now() - startedMs) * 1000),
      origin,
      unknownSyscalls: program.unknownSyscalls,
    },
    cause: 'config:/linux/seccomp',
  });
  return program.bytes;
}

function findProgram(
  key: string,
  profile: SeccompProfile,
): { program: Program; origin: 'memory' | 'file' | 'compiled' } {
  const known = remembered.get(key);
  if (known !== undefined) return { program: known, origin: 'memory' };
  const path = `${paths.dataRoot}/seccomp/${key}-${libraryMark()}`;
  const stored = readStored(path);
  const program = stored ?? compile(profile);
  if (stored === undefined) store(path, program);
  remembered.set(key, program);
  const [oldest] = remembered.keys();
  if (remembered.size > rememberedProfiles && oldest !== undefined) remembered.delete(oldest);
  return { program, origin: stored === undefined ? 'compiled' : 'file' };
}

function compile(profile: SeccompProfile): Program {
  const filter = checkProfile(profile);
  const compiled = compileFilter(filter);
  const stub = filter.answersEnosys ? enosysStub(compiled.newestSyscalls) : new Uint8Array();
  const bytes = Buffer.concat([stub, compiled.program]);
  if (bytes.length / 8 > maxInstructions) {
    throw refusal('/linux/seccomp', `${bytes.length / 8} instructions: the kernel takes at most ${maxInstructions}`);
  }
  return { bytes, unknownSyscalls: compiled.unknownSyscalls };
}

/** The flags do not change the program. */
function profileKey(profile: SeccompProfile): string {
  const { flags: _flags, ...rest } = profile;
  const text = JSON.stringify(rest, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return createHash('sha256').update(`1 ${process.arch} ${text}`).digest('hex');
}

/** Another libseccomp knows other system calls. */
function libraryMark(): string {
  for (const folder of ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/lib']) {
    try {
      const path = realpathSync(`${folder}/libseccomp.so.2`);
      return `${statSync(path).size}-${path.slice(path.lastIndexOf('.so.') + 4)}`;
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}

/** First line: sha256 of the program and the names left out, as JSON; then the program. */
function readStored(path: string): Program | undefined {
  try {
    const { uid, mode } = lstatSync(path);
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return undefined;
    const file = readFileSync(path);
    const end = file.indexOf('\n');
    const head = JSON.parse(file.toString('utf8', 0, end)) as { sha256: string; unknownSyscalls: string[] };
    const bytes = file.subarray(end + 1);
    if (sha256(bytes) !== head.sha256 || bytes.length === 0 || bytes.length % 8 !== 0) return undefined;
    return { bytes, unknownSyscalls: head.unknownSyscalls };
  } catch {
    return undefined;
  }
}

function store(path: string, program: Program): void {
  const head = JSON.stringify({ sha256: sha256(program.bytes), unknownSyscalls: program.unknownSyscalls });
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, Buffer.concat([Buffer.from(`${head}\n`), program.bytes]), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // Not root, or no space: the next process compiles again.
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
