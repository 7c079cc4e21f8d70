// One line of words for an operation of the plan that the executor carried out. Its data keeps the numbers of the kernel's interface;
// here they get their names. Rule: a trace may be foreign, so what is not of the expected type is said as it is.

import { propagationName, rlimitNames } from '../base/kernel-names.ts';

type Arguments = Readonly<Record<string, unknown>>;
interface Words {
  /** Without one of these its arguments are said as they are. */
  needs: readonly string[];
  says(a: Arguments): unknown[];
}

function propagation(flags: unknown): unknown {
  return typeof flags === 'number' ? (propagationName(flags) ?? flags) : flags;
}

/** The type in a mode's upper bits (inode(7)) as mknod(1) writes it; 0 is a regular file, which mknod(1) does not make. */
const nodeLetters = new Map([
  [0o020000, 'c'],
  [0o060000, 'b'],
  [0o010000, 'p'],
]);

/** `/dev/null c 1:3 0666`; an owner only when it is not root. */
function device({ path, mode, major, minor, uid, gid }: Arguments): unknown[] {
  const bits = typeof mode === 'string' && /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : Number.NaN;
  const letter = nodeLetters.get(bits & 0o170000);
  if (letter === undefined) return [path, mode, major, minor, uid, gid];
  const numbers = letter === 'p' ? [] : [`${major}:${minor}`];
  const owner = (uid ?? 0) === 0 && (gid ?? 0) === 0 ? [] : [`owner ${uid}:${gid}`];
  return [path, letter, ...numbers, `0${(bits & 0o7777).toString(8).padStart(3, '0')}`, ...owner];
}

/** RLIM_INFINITY, which does not fit a number of JSON. */
const unlimited = String(2n ** 64n - 1n);
const limit = (value: unknown): unknown => (value === unlimited ? 'unlimited' : value);

/** SECCOMP_FILTER_FLAG_* of seccomp(2). */
const filterFlags = ['TSYNC', 'LOG', 'SPEC_ALLOW', 'NEW_LISTENER', 'TSYNC_ESRCH', 'WAIT_KILLABLE_RECV'];
function filterFlagNames(flags: unknown): unknown[] {
  if (typeof flags !== 'number' || flags >= 1 << filterFlags.length) return [flags];
  const names = filterFlags.filter((_, bit) => (flags & (1 << bit)) !== 0);
  return names.length === 0 ? [] : [names.join('|')];
}

const words: Readonly<Record<string, Words>> = {
  root_propagation: { needs: ['flags'], says: ({ flags }) => [propagation(flags)] },
  root_bind: { needs: ['path', 'propagation'], says: (a) => [a.path, propagation(a.propagation)] },
  device_make: { needs: ['path', 'mode', 'major', 'minor'], says: device },
  symlink: { needs: ['target', 'path'], says: ({ target, path }) => [path, '->', target] },
  console: {
    needs: ['path', 'rows', 'columns'],
    says: ({ path, rows, columns }) => [path, ...(rows === 0 && columns === 0 ? [] : [`${columns}x${rows}`])],
  },
  rlimit: {
    needs: ['resource', 'soft', 'hard'],
    says: ({ resource, soft, hard }) => [rlimitNames[Number(resource)] ?? resource, `${limit(soft)}:${limit(hard)}`],
  },
  seccomp: {
    needs: ['program', 'flags'],
    says: ({ program, flags }) => [program, ...filterFlagNames(flags)],
  },
  capset: {
    needs: ['effective', 'permitted', 'inheritable'],
    says: ({ effective, permitted, inheritable }) => [
      ...(effective === permitted
        ? [`effective=permitted=${effective}`]
        : [`effective=${effective}`, `permitted=${permitted}`]),
      `inheritable=${inheritable}`,
    ],
  },
};

/** `device_make /dev/null c 1:3 0666`. */
export function operationWords(operation: string, values: Arguments): string {
  const row = Object.hasOwn(words, operation) ? words[operation] : undefined;
  const isWhole = row?.needs.every((name) => Object.hasOwn(values, name)) ?? false;
  const said = row !== undefined && isWhole ? row.says(values) : Object.values(values);
  return [operation, ...said.flat()].join(' ').trim();
}
