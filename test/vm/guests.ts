// Which tests run in which machine, in order. Rule: `files` are part of `npm test`: together some four minutes of the machines' time on a
// quiet host, and what no other test can answer: a version 2 host, AppArmor, systemd as cgroup driver, one run through the whole stack. The
// rest is `more`. Each file says what it took; seen: apparmor 39 s, runtime 28, run 48, systemd 62 (hybrid 108), and 13 to 30 for a start.
import type { MachineName } from './machine.ts';

interface GuestRound {
  machine: MachineName;
  /** Paths in the checkout. */
  files: readonly string[];
  /** What only `npm run test:vm` runs too. */
  more?: readonly string[];
}

const guest = (name: string): string => `test/vm/${name}.guest.ts`;

export const guestRounds: readonly GuestRound[] = [
  {
    machine: 'bare',
    files: ['apparmor', 'runtime', 'run'].map(guest),
    more: ['runtime-update', 'metrics', 'userns', 'tracer', 'stack'].map(guest),
  },
  {
    machine: 'systemd',
    files: ['systemd'].map(guest),
    more: ['systemd-update', 'runtime', 'runtime-update', 'stack-systemd', 'stack'].map(guest),
  },
  { machine: 'hybrid', files: [], more: ['systemd', 'systemd-update'].map(guest) },
];

export const guestCommand = (files: readonly string[]): string => ['sh test/vm/files.sh', ...files].join(' ');
