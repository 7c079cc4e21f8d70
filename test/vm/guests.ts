// Which tests run in which machine, in order. Rule: `files` are part of `npm test`, and on two cores, beside everything else, all of them
// together take three minutes at most: one run through the whole stack on version 2, and what no other machine can answer. The rest is `more`.
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
    files: ['apparmor', 'run'].map(guest),
    more: ['runtime', 'metrics', 'userns', 'tracer', 'stack'].map(guest),
  },
  { machine: 'systemd', files: [], more: ['systemd', 'runtime', 'stack-systemd', 'stack'].map(guest) },
  { machine: 'hybrid', files: [], more: ['systemd'].map(guest) },
];

export const guestCommand = (files: readonly string[]): string => ['sh test/vm/files.sh', ...files].join(' ');
