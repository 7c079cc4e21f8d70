// What --help prints: runc's layout, one row a verb and an option. Rule: an option is here exactly when its verb takes it
// (test/runc/help.test.ts asks the program, and reads the native table).
import { LabError } from '../base/errors.ts';

/** [names as on the command line, what it does]; a name that takes a value ends in ` value`. */
type OptionRow = readonly [names: string, words: string];

interface VerbRow {
  summary: string;
  /** What follows the options. */
  operands: string;
  options: readonly OptionRow[];
}

const bundle: OptionRow = ['--bundle value, -b value', 'the bundle: a directory with config.json (default: ".")'];
const pidFile: OptionRow = ['--pid-file value', "write the process's pid to this file"];
const pidfdSocket: OptionRow = ['--pidfd-socket value', 'unix socket that is sent a pidfd of the process'];
const consoleSocket: OptionRow = ['--console-socket value', 'unix socket that is sent the master of the terminal'];
const preserveFds: OptionRow = [
  '--preserve-fds value',
  'hand on so many descriptors after standard error (default: 0)',
];
const detach: OptionRow = ['--detach, -d', 'do not wait for the process'];
const format: OptionRow = ['--format value, -f value', 'table or json (default: "table")'];
const process: OptionRow = ['--process value, -p value', 'file with the process document, in place of a command'];
const creating = [
  bundle,
  consoleSocket,
  pidfdSocket,
  pidFile,
  ['--no-pivot', 'move the root and chroot(2): for one on the initial ramfs'],
  ['--no-new-keyring', "stay in the caller's session keyring"],
  preserveFds,
] as const satisfies readonly OptionRow[];
const one = '<container-id>';

export const verbHelp: Readonly<Record<string, VerbRow>> = {
  create: { summary: 'create a container', operands: one, options: creating },
  start: { summary: 'let a created container execute its program', operands: one, options: [] },
  run: {
    summary: 'create a container, start it, wait for it and delete it',
    operands: one,
    options: [
      ...creating,
      detach,
      ['--keep', 'do not delete the container when it has ended'],
      ['--no-subreaper', 'taken for compatibility: no subreaper is used'],
    ],
  },
  state: { summary: "print a container's state as JSON", operands: one, options: [] },
  kill: {
    summary: "send a signal (default: SIGTERM) to a container's first process",
    operands: `${one} [signal]`,
    options: [['--all, -a', 'send it to all processes of the container']],
  },
  delete: {
    summary: 'remove what is left of a stopped container',
    operands: one,
    options: [['--force, -f', 'kill it first with SIGKILL if it has not ended']],
  },
  exec: {
    summary: 'run one more process in a container',
    operands: `${one} <command> [arguments...]`,
    options: [
      process,
      ['--cwd value', 'working directory in the container'],
      ['--env value, -e value', 'set an environment variable, NAME=value'],
      ['--tty, -t', 'allocate a terminal'],
      ['--user value, -u value', 'user as <uid>[:<gid>]'],
      ['--additional-gids value, -g value', 'add a supplementary group'],
      ['--cap value, -c value', 'add a capability'],
      ['--no-new-privs', 'forbid new privileges'],
      ['--apparmor value', 'AppArmor profile of the process'],
      ['--process-label value', 'SELinux label of the process: refused'],
      ['--cgroup value', 'run in a cgroup below the container: [<controllers>:]<path>'],
      detach,
      pidFile,
      consoleSocket,
      pidfdSocket,
      preserveFds,
      ['--ignore-paused', 'also in a paused container'],
    ],
  },
  pause: { summary: 'freeze all processes of a container', operands: one, options: [] },
  resume: { summary: 'thaw a paused container', operands: one, options: [] },
  ps: { summary: 'list the processes of a container', operands: `${one} [ps options]`, options: [format] },
  list: {
    summary: 'list the containers below --root',
    operands: '',
    options: [format, ['--quiet, -q', 'only ids']],
  },
  events: {
    summary: "print a container's use of resources as JSON lines, until it ends",
    operands: one,
    options: [
      ['--interval value', 'time between two lines (default: "5s")'],
      ['--stats', 'one line only'],
    ],
  },
  update: {
    summary: 'change the limits of a container',
    operands: one,
    options: [
      ['--resources value, -r value', 'file with linux.resources as JSON, - for standard input'],
      ['--blkio-weight value', 'relative weight of block I/O'],
      ['--cpu-period value', 'CPU period in microseconds'],
      ['--cpu-quota value', 'CPU time in a period, in microseconds'],
      ['--cpu-burst value', 'CPU time that may be saved for later periods, in microseconds'],
      ['--cpu-share value', 'relative weight of CPU time'],
      ['--cpu-rt-period value', 'period of real-time tasks in microseconds'],
      ['--cpu-rt-runtime value', 'CPU time of real-time tasks in a period, in microseconds'],
      ['--cpu-idle value', '1: run only when nothing else does'],
      ['--cpuset-cpus value', 'CPUs to use, as 0-2,7'],
      ['--cpuset-mems value', 'memory nodes to use'],
      ['--memory value', 'memory limit in bytes'],
      ['--memory-reservation value', 'memory that is kept under pressure, in bytes'],
      ['--memory-swap value', 'limit of memory and swap together in bytes, -1 for none'],
      ['--pids-limit value', 'most processes'],
      ['--l3-cache-schema value', 'Intel RDT: refused'],
      ['--mem-bw-schema value', 'Intel RDT: refused'],
    ],
  },
  spec: {
    summary: 'write a config.json to start from',
    operands: '',
    options: [
      ['--bundle value, -b value', 'directory to write it to (default: ".")'],
      ['--rootless', 'for an ordinary user'],
    ],
  },
  features: { summary: 'print what this runtime can do as JSON', operands: '', options: [] },
  compile: {
    summary: 'write the plan of a bundle, or of a process document in it',
    operands: '',
    options: [
      bundle,
      ['--id value', 'container id (default: the name of the bundle)'],
      ['--process value, -p value', 'file with a process document of the bundle'],
      ['--output value', 'file of the plan (default: <bundle>/plans/<sha256>.plan)'],
    ],
  },
  plan: {
    summary: 'print a plan: each kernel operation and its line of config.json',
    operands: '',
    options: [
      bundle,
      ['--file value, -f value', 'a compiled plan, in place of a bundle'],
      ['--id value', 'container id (default: the name of the bundle)'],
      process,
      ['--json', 'one JSON object an operation'],
    ],
  },
};

export const globalHelp: readonly OptionRow[] = [
  ['--root value', 'directory of the states of containers (default: "/run/tlab/runtime")'],
  ['--log value', 'file for warnings and errors (default: standard error)'],
  ['--log-format value', 'text or json (default: "text")'],
  ['--debug', 'errors with their stack'],
  ['--systemd-cgroup', 'let systemd make the cgroups: cgroupsPath is "slice:prefix:name"'],
  ['--rootless value', 'no privileges over ids and cgroups: true, false or auto (default: "auto")'],
  ['--criu value', 'taken for compatibility: CRIU is not used'],
  ['--help, -h', 'show help'],
  ['--version, -v', 'print the versions of this runtime and of the specification'],
];

const show: OptionRow = ['--help, -h', 'show help'];

/** All that there is, native and not. */
export const helpVerbs = Object.keys(verbHelp);

/** Of one verb, or of the whole program for ''. Errors: usage for a verb that there is not. */
export function helpOf(verb: string): string {
  if (verb === '') return globalText();
  const row = Object.hasOwn(verbHelp, verb) ? verbHelp[verb] : undefined;
  if (row === undefined) throw new LabError('usage', `help "${verb}": expected one of ${helpVerbs.join(', ')}`);
  const name = verb === 'plan' ? 'plan show' : verb;
  return sections([
    ['NAME', [`tlab-runc ${verb} - ${row.summary}`]],
    ['USAGE', [`tlab-runc [global options] ${name} [options] ${row.operands}`.trimEnd()]],
    ['OPTIONS', aligned([...row.options, show])],
  ]);
}

const globalText = (): string =>
  sections([
    ['NAME', ['tlab-runc - OCI runtime that compiles a bundle to a plan of kernel operations and executes that']],
    ['USAGE', ['tlab-runc [global options] command [command options] [arguments...]']],
    ['COMMANDS', aligned(Object.entries(verbHelp).map(([name, { summary }]) => [name, summary]))],
    ['GLOBAL OPTIONS', aligned(globalHelp)],
  ]);

const sections = (parts: readonly (readonly [string, readonly string[]])[]): string =>
  parts.map(([title, lines]) => `${title}:\n${lines.map((line) => `   ${line}\n`).join('')}`).join('\n');

function aligned(rows: readonly OptionRow[]): string[] {
  const width = Math.max(...rows.map(([names]) => names.length));
  return rows.map(([names, words]) => `${names.padEnd(width)}  ${words}`);
}
