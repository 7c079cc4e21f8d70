// What runc and crun do otherwise at the command line, and with documents that are wrong.
import type { Difference } from '../difference.ts';

export const atTheCommandLine: readonly Difference[] = [
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
  {
    behaviour: 'ps prints a table of the container’s processes',
    runtimes: ['crun'],
    instead: [true, 2, false],
    reason: 'its table has only the pids',
  },
  ...[
    'a configuration without ociVersion is refused',
    'a configuration of version 2 is refused',
    'a version that is not semantic is refused',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['runc'],
      instead: /"isRefused":false/,
      reason: 'runc does not look at ociVersion (config#specification-version)',
    }),
  ),
  {
    behaviour: 'kill refuses a signal that does not exist',
    runtimes: ['crun'],
    instead: [false, 'running'],
    reason: 'crun 1.8 sends the signal 0 and succeeds',
  },
  {
    behaviour: 'kill takes the name of a real-time signal, counted from 34',
    runtimes: ['runc'],
    instead: /^refused: .*unknown signal/,
    reason: 'it knows the names that the kernel’s headers have; engines give it numbers',
  },
  ...['a relative --root is from where the caller stands', 'a relative --pid-file is from where the caller stands'].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: false,
      reason: 'it goes to the bundle first, and takes the path from there',
    }),
  ),
  {
    behaviour: 'a relative --log is from where the caller stands',
    runtimes: ['crun'],
    instead: 'not there',
    reason: 'it goes to the bundle first, and takes the path from there',
  },
  {
    behaviour: 'run --keep leaves the container stopped',
    runtimes: ['crun'],
    instead: /^refused: .*No such file or directory/,
    reason: 'the option is younger than crun 1.8',
  },
  {
    behaviour: 'list prints a table with a head',
    runtimes: ['crun'],
    instead: ['NAME', 'PID', 'STATUS', 'BUNDLE', 'PATH', 'CREATED', 'OWNER'],
    reason: 'its columns are others',
  },
  {
    behaviour: 'spec --rootless has a user namespace with maps',
    runtimes: ['crun'],
    instead: [true, undefined],
    reason: 'it writes no maps and makes them when it runs',
  },
  ...[
    'features prints the namespaces that it knows as JSON',
    'features prints hooks, mount options and capabilities',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /^refused: .*unknown command features/,
      reason: 'the command is younger than crun 1.8',
    }),
  ),
  {
    behaviour: 'an id with a space is refused',
    runtimes: ['crun'],
    instead: false,
    reason: 'it refuses slashes only',
  },
  ...['process.args that is text is refused', 'a uid that is text is refused'].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['crun'],
      instead: /"isRefused":false/,
      reason: 'a value of the wrong type is passed over',
    }),
  ),
  {
    behaviour: 'run in the foreground gives the terminal the size of its own',
    runtimes: ['crun'],
    instead: /^\d+ (?![\s\S]*sized)/,
    reason: 'crun 1.8 hands on a change of size only, not the first one',
  },
  {
    behaviour: 'a flag with =1 is set',
    runtimes: ['crun'],
    instead: false,
    reason: 'its flags take no value: refused',
  },
  {
    behaviour: 'a flag may follow the id',
    runtimes: ['crun'],
    instead: false,
    reason: 'its options end at the first word',
  },
  {
    behaviour: 'help says what there is',
    runtimes: ['crun'],
    instead: [true, false, false, true, false, true],
    reason: 'it has --help alone',
  },
  {
    behaviour: 'a damaged state does not hide the others from list',
    runtimes: ['crun'],
    instead: /^\[255,/,
    reason: 'it stops at the damaged one',
  },
];
