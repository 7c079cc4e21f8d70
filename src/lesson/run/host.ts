// What a lesson needs of this host and what is not there, each with how to get it. Rule: looked at, never tried: nothing is started for it.
import { readFileSync } from 'node:fs';
import { findProgram } from '../../kernel/programs.ts';
import type { Header, requirements } from '../format/schema.ts';

export interface Missing {
  need: (typeof requirements)[number];
  says: string;
  how: string;
}

/** Debian's packages that are not named as their program is. */
const packages: Partial<Record<Missing['need'], string>> = { docker: 'docker.io', ctr: 'containerd' };

/** @source man proc_pid_mountinfo(5): the type stands behind the separator */
function hasMountOf(type: string): boolean {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8').includes(` - ${type} `);
  } catch {
    return false;
  }
}

const kernel = 'a Linux machine, or a virtual one, with that kernel';

function missing(need: Missing['need']): Omit<Missing, 'need'> | undefined {
  switch (need) {
    case 'linux':
    case 'engine':
    case 'tracer':
      return process.platform === 'linux' ? undefined : { says: `this is ${process.platform}, not Linux`, how: kernel };
    case 'root':
      return process.getuid?.() === 0 ? undefined : { says: 'you are not root', how: 'sudo tlab learn' };
    case 'cgroup-v1':
      return hasMountOf('cgroup') ? undefined : { says: 'no cgroup hierarchy of version 1 is mounted', how: kernel };
    case 'cgroup-v2':
      return hasMountOf('cgroup2') ? undefined : { says: 'no cgroup hierarchy of version 2 is mounted', how: kernel };
    default:
      return findProgram(need) !== undefined
        ? undefined
        : { says: `${need} is not installed`, how: `apt-get install ${packages[need] ?? need}` };
  }
}

export const missingOf = ({ requires }: Pick<Header, 'requires'>): Missing[] =>
  requires.flatMap((need) => {
    const found = missing(need);
    return found === undefined ? [] : [{ need, ...found }];
  });
