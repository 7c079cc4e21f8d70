// What a path of a container is, in the form that `docker cp` asks for it.

import { asLabError, LabError } from '../../base/errors.ts';
import type { Container } from '../container/container.ts';
import { ask } from './native.ts';
import type { FilesView } from './view.ts';

export interface PathStat {
  name: string;
  size: number;
  /** Go's os.FileMode, not the kernel's. */
  mode: number;
  mtime: string;
  linkTarget: string;
}

export interface Found {
  stat: PathStat;
  /** Without symlinks; of a symlink where it leads. */
  resolved: string;
  isDirectory: boolean;
}

/** Docker's paths are absolute and keep what they end in: "/" and "/." ask for what is inside. */
export function absolute(path: string): string {
  const clean = `/${path}`.split('/').reduce<string[]>((parts, part) => {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
    return parts;
  }, []);
  const ending = /(^|\/)\.$/.test(path) ? '/.' : path.endsWith('/') ? '/' : '';
  return `/${clean.join('/')}`.replace(/^\/$/, '') + (ending || (clean.length === 0 ? '/' : ''));
}

/** As Go's filepath.Base has it. */
export const baseOf = (path: string): string =>
  path.endsWith('/.') ? '.' : (path.replace(/\/+$/, '').split('/').at(-1) ?? '') || '/';

/** Errors: notFound in Docker's words. */
export async function statOf(
  container: Container,
  { args }: FilesView,
  path: string,
  options: { follow?: boolean; signal?: AbortSignal } = {},
): Promise<Found> {
  try {
    const follow = options.follow === true ? ['--follow'] : [];
    const what = `looking at ${path} in container "${container.name}"`;
    const answer = await ask('tlab-pack', [...args, '--path', path, ...follow, '--stat'], {
      what,
      signal: options.signal,
    });
    return foundOf(answer.toString(), path);
  } catch (error) {
    if (asLabError(error).kind !== 'notFound') throw error;
    throw new LabError('notFound', `Could not find the file ${path} in container ${container.name}`);
  }
}

function foundOf(answer: string, path: string): Found {
  const [mode = '', size = '', seconds = '', nanoseconds = ''] = answer.split(' ', 4);
  const resolved = answer.slice([mode, size, seconds, nanoseconds].join(' ').length + 1);
  const type = Number.parseInt(mode, 8);
  const isLink = (type & 0o170000) === 0o120000;
  const stat = {
    name: baseOf(path),
    size: Number(size),
    mode: goMode(type),
    mtime: `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanoseconds)}Z`,
    linkTarget: isLink ? resolved : '',
  };
  return { stat, resolved, isDirectory: (type & 0o170000) === 0o040000 };
}

const fraction = (nanoseconds: string): string => {
  const digits = nanoseconds.padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
};

/** @source go os#FileMode */
const goTypes: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
]);
const goBits: ReadonlyArray<[number, number]> = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

const goMode = (mode: number): number =>
  goBits.reduce(
    (sum, [bit, value]) => sum + ((mode & bit) === 0 ? 0 : value),
    (mode & 0o777) + (goTypes.get(mode & 0o170000) ?? 0),
  );
