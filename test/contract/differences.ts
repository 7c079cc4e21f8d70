// Where a runtime does not do what the contract says: which, what it does instead, and why. The suites assert `instead`, so a row that
// is no longer true fails; README.md prints the table (node test/contract/table.ts).
import type { Expected } from './behaviour.ts';
import type { RuntimeName } from './runtimes.ts';

export interface Difference {
  /** The title of the behaviour. */
  behaviour: string;
  runtimes: readonly RuntimeName[];
  /** What is observed there. */
  instead: Expected;
  reason: string;
}

export const differences: readonly Difference[] = [
  {
    behaviour: 'the user may write to a regular file that is its standard output through /proc/self/fd',
    runtimes: ['tlab'],
    instead: /Permission denied/,
    reason: 'a file of the host keeps its owner: only pipes, sockets and terminals are given to the user',
  },
  {
    behaviour: 'a supplementary group above 2147483647 is honoured',
    runtimes: ['runc'],
    instead: /^refused: .*uids and gids must be in range 0-2147483647/,
    reason: 'its check of user databases limits ids to 31 bits; the specification has uint32',
  },
  {
    behaviour: 'without process.args a container cannot be run',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'found only by start; the specification demands args where a process is to be started',
  },
  {
    behaviour: 'a relative process.cwd is refused',
    runtimes: ['crun'],
    instead: /"isRefused":false/,
    reason: 'not checked; the specification demands an absolute path (config#process)',
  },
  {
    behaviour: 'a configuration without process is refused by create',
    runtimes: ['crun'],
    instead: /"isNamed":"internal error: max number of capabilities not initialized","left":\[\]/,
    reason: 'refused, but its words name an internal error',
  },
  {
    behaviour: 'delete of a container that is created is refused and changes nothing',
    runtimes: ['runc', 'crun'],
    instead: [false, 'deleted'],
    reason:
      'both kill it and delete it; the specification: delete of one that is not stopped must be an error (runtime#delete)',
  },
  {
    behaviour: 'resume of a container that is created is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'created'],
    reason: 'resume writes to the freezer whatever the status is',
  },
  {
    behaviour: 'resume of a container that is running is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'running'],
    reason: 'resume writes to the freezer whatever the status is',
  },
  {
    behaviour: 'pause of a container that is paused is refused and changes nothing',
    runtimes: ['crun'],
    instead: [false, 'paused'],
    reason: 'pause writes to the freezer whatever the status is',
  },
];
