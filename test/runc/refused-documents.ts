// Documents that the compiler refuses: what is wrong, how to get there from the default spec, and what the error says.
import type { Edit } from './host.ts';

export type Refused = readonly [title: string, edit: Edit, message: RegExp, kind?: string];

/** Of the process and of the document as a whole. */
export const refusedProcesses: readonly Refused[] = [
  [
    'no args',
    (c) => {
      c.process.args = [];
    },
    /\/process\/args: expected at least the program/,
  ],
  [
    'more annotations than a state can hold',
    (c) => {
      c.annotations = { note: 'x'.repeat(50_000) };
    },
    /\/annotations/,
    'notImplemented',
  ],
  [
    'an empty program',
    (c) => {
      c.process.args = [''];
    },
    /\/process\/args\/0/,
  ],
  [
    'a NUL in an argument',
    (c) => {
      c.process.args = ['a\0b'];
    },
    /\/process\/args\/0: .*without NUL/,
  ],
  [
    'no process',
    (c) => {
      delete c.process;
    },
    /\/process: missing/,
  ],
  [
    'a relative cwd',
    (c) => {
      c.process.cwd = 'tmp';
    },
    /\/process\/cwd: "tmp": expected an absolute path/,
  ],
  [
    'an environment entry without a name',
    (c) => {
      c.process.env = ['=x'];
    },
    /\/process\/env\/0: expected NAME=value/,
  ],
  [
    'a spec of another major version',
    (c) => {
      c.ociVersion = '2.0.0';
    },
    /\/ociVersion: "2.0.0"/,
  ],
  [
    'effective beyond permitted',
    (c) => {
      c.process.capabilities.effective = ['CAP_CHOWN'];
    },
    /CAP_CHOWN: expected only what permitted has/,
  ],
  [
    'an unknown limit',
    (c) => {
      c.process.rlimits = [{ type: 'RLIMIT_FOO', soft: 1, hard: 1 }];
    },
    /rlimits\/0\/type: "RLIMIT_FOO"/,
  ],
  [
    'a limit twice',
    (c) => {
      c.process.rlimits = [1, 2].map(() => ({ type: 'RLIMIT_CORE', soft: 1, hard: 1 }));
    },
    /expected each limit once/,
  ],
  [
    'soft above hard',
    (c) => {
      c.process.rlimits = [{ type: 'RLIMIT_CORE', soft: 2, hard: 1 }];
    },
    /soft: 2: expected at most the hard limit, 1/,
  ],
  [
    'an oom score out of range',
    (c) => {
      c.process.oomScoreAdj = 1001;
    },
    /oomScoreAdj: 1001: expected -1000 to 1000/,
  ],
  [
    'AppArmor',
    (c) => {
      c.process.apparmorProfile = 'docker-default';
    },
    /AppArmor \("docker-default"\), which this host has not, is not supported/,
    'notImplemented',
  ],
  [
    'SELinux',
    (c) => {
      c.process.selinuxLabel = 'x';
    },
    /SELinux, which this host has not, is not supported/,
    'notImplemented',
  ],
  [
    'Intel RDT',
    (c) => {
      c.linux.intelRdt = {};
    },
    /\/linux\/intelRdt/,
    'notImplemented',
  ],
  [
    'a virtual machine',
    (c) => {
      c.vm = { kernel: { path: '/x' } };
    },
    /\/vm/,
    'notImplemented',
  ],
  [
    'no root',
    (c) => {
      delete c.root;
    },
    /\/root\/path: missing/,
  ],
];
