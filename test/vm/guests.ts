// Which tests run in which machine, in order. Rule: what is listed here is part of `npm test`; on two cores it takes ten minutes
// at most, so a test belongs here only when this host's own kernel cannot answer it.
import type { MachineName } from './machine.ts';

interface GuestRound {
  machine: MachineName;
  /** Paths in the checkout. */
  files: readonly string[];
}

const guest = (name: string): string => `test/vm/${name}.guest.ts`;

export const guestRounds: readonly GuestRound[] = [
  { machine: 'bare', files: ['runtime', 'userns', 'tracer', 'stack'].map(guest) },
  { machine: 'systemd', files: ['systemd', 'runtime', 'stack', 'stack-systemd'].map(guest) },
  { machine: 'hybrid', files: ['systemd'].map(guest) },
];

/** One file after the other: they share the machine's cgroups, links and mounts. */
export function guestCommand(files: readonly string[]): string {
  const reporters = ['spec', './test/vm/tally.ts'].map(
    (name) => `--test-reporter=${name} --test-reporter-destination=stdout`,
  );
  return ['node --test --test-concurrency=1', ...reporters, ...files].join(' ');
}
