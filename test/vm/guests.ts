// Which tests run in which machine, in order. Rule: `files` are part of `npm test`, and on two cores all of them together take ten
// minutes at most: a test belongs there only when neither this host's own kernel nor another machine can answer it. The long ones, which run whole engines, are `more`.
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
    files: ['runtime', 'apparmor', 'run'].map(guest),
    more: ['metrics', 'userns', 'tracer', 'stack'].map(guest),
  },
  { machine: 'systemd', files: ['systemd', 'runtime'].map(guest), more: ['stack-systemd', 'stack'].map(guest) },
  { machine: 'hybrid', files: ['systemd'].map(guest) },
];

/** One file after the other: they share the machine's cgroups, links and mounts. */
export function guestCommand(files: readonly string[]): string {
  const reporters = ['spec', './test/vm/tally.ts'].map(
    (name) => `--test-reporter=${name} --test-reporter-destination=stdout`,
  );
  return ['node --test --test-concurrency=1', ...reporters, ...files].join(' ');
}
