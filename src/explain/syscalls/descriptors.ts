// Calls on open descriptors: what leaks into a container and what must not, the runtime's own copy in memory, terminals.
import { own } from '../words-row.ts';
import type { CallRow } from './row.ts';

export const descriptorCalls: readonly CallRow[] = [
  {
    id: 'sendfile-self',
    calls: ['sendfile', 'copy_file_range'],
    when: (call) => /memfd:/.test(call.all),
    does: 'Copies the running program into memory, within the kernel.',
    now: 'Before the copy is sealed and executed.',
    without: 'There would be no copy to execute (CVE-2019-5736).',
    shows: ['SEC-6'],
    source: 'man sendfile(2)',
  },
  {
    id: 'close-range',
    calls: ['close_range'],
    isRuntimes: true,
    does: (call) =>
      `${call.says('CLOSE_RANGE_CLOEXEC') ? 'Marks' : 'Closes'} every descriptor from ${call.arg(0)} on${call.says('CLOSE_RANGE_CLOEXEC') ? ' to be closed at execve' : ''}, in one call.`,
    now: 'Last before execve.',
    without:
      "An open directory of the host could leak into the container: CVE-2024-21626 was a runtime's descriptor of /sys/fs/cgroup.",
    shows: ['SEC-6'],
    source: 'man close_range(2)',
  },
  {
    id: 'memfd',
    calls: ['memfd_create'],
    isRuntimes: true,
    does: (call) => `Makes a file in memory without a name in any directory (${call.string(0)}).`,
    now: 'The runtime copies itself into it, seals it and executes the copy.',
    without:
      "The runtime's own file on the host would be what a container can reach at /proc/<pid>/exe (CVE-2019-5736).",
    shows: ['SEC-6'],
    source: 'man memfd_create(2)',
  },
  {
    id: 'fcntl-seals',
    calls: ['fcntl'],
    isRuntimes: true,
    when: (call) => call.says('F_ADD_SEALS'),
    does: 'Seals the memory file: its content can never change again, whoever has it open.',
    now: 'After the copy is complete, before it is executed.',
    without: 'The copy could be overwritten as the original could.',
    shows: ['SEC-6'],
    source: 'man fcntl(2)',
  },
  {
    id: 'fcntl-cloexec',
    calls: ['fcntl'],
    when: (call) => call.has(1, 'F_SETFD') && call.has(2, 'FD_CLOEXEC'),
    does: 'Marks the descriptor to be closed at execve.',
    now: 'Where the file was opened with O_CLOEXEC, this only repeats it: the C library musl does so for kernels before 2.6.23, which ignored that flag.',
    without: 'Without the mark the program that is executed next would inherit the descriptor.',
    source: 'man fcntl(2)',
  },
  {
    id: 'fchown-streams',
    calls: ['fchown'],
    when: (call) => /^(pipe:|socket:|\/dev\/(pts|null))/.test(call.file(0)),
    does: (call) => `Gives ${call.file(0)} to another owner.`,
    now: 'Before the change of user: the streams belong to root until then.',
    without: "A program under an ordinary user could not open /dev/stdout again, which is a link to a pipe of root's.",
    shows: ['SEC-1'],
    source: 'man chown(2)',
  },
  {
    id: 'chown',
    calls: ['fchown', 'fchownat', 'chown', 'lchown'],
    does: (call) => `Gives ${call.string(1) || call.string(0) || call.file(0) || 'a file'} to another owner.`,
    without: 'It would belong to whoever made it.',
    source: 'man chown(2)',
  },
  {
    id: 'ioctl-controlling',
    calls: ['ioctl'],
    when: (call) => call.has(1, 'TIOCSCTTY'),
    does: 'Makes the pseudo-terminal the controlling one of the session: its Ctrl+C becomes SIGINT in the container.',
    now: 'After setsid: only a session leader that has no terminal may take one.',
    without: '`run -it` would show output, but job control and Ctrl+C would not work ("no job control in this shell").',
    shows: ['CTD-5'],
    source: 'man TIOCSCTTY(2const)',
  },
  {
    id: 'ioctl-terminal',
    calls: ['ioctl'],
    when: (call) => /^TIOC(SPTLCK|GPTN|GPTPEER|SWINSZ)$/.test(call.arg(1)),
    does: (call) => own(terminalWords, call.arg(1)) ?? 'Sets up a pseudo-terminal.',
    now: "With -t: the terminal is made inside the container's own devpts, and its master is sent to the shim.",
    without: 'The program would find pipes instead of a terminal, or one without a size.',
    shows: ['CTD-5'],
    source: 'man ioctl_tty(2)',
  },
  {
    id: 'ioctl-loopback',
    calls: ['ioctl'],
    when: (call) => call.has(1, 'SIOCSIFFLAGS'),
    does: 'Sets a network interface up; for lo the kernel adds 127.0.0.1 by itself.',
    now: 'Right after the new network namespace is entered, where lo exists and is down.',
    without: 'Nothing in the container could connect to 127.0.0.1.',
    shows: ['NET-1'],
    source: 'man netdevice(7)',
  },
  {
    id: 'ioctl-namespace-type',
    calls: ['ioctl'],
    when: (call) => call.has(1, 'NS_GET_NSTYPE'),
    does: 'Asks which kind of namespace the descriptor stands for.',
    now: 'Before it is joined: config.json named the path, and the kind must fit.',
    without: 'A wrong path would be noticed only when setns fails, or not at all.',
    shows: ['KRN-2'],
    source: 'man ioctl_ns(2)',
  },
];

const terminalWords: Record<string, string> = {
  TIOCSPTLCK: 'Unlocks a new pseudo-terminal: its other end may be opened.',
  TIOCGPTN: 'Asks for the number of the pseudo-terminal: its name is /dev/pts/<number>.',
  TIOCGPTPEER:
    'Opens the other end of a pseudo-terminal by descriptor, without the path that a container could have exchanged.',
  TIOCSWINSZ: 'Sets the size of the terminal window.',
};
