// Calls that run programs, wait for processes and end them.
import { environment, int, path, strings } from '../decode/arguments.ts';
import { row } from '../syscall.ts';

export const processRows = {
  execve: row({
    x64: 59,
    arm64: 221,
    args: { pathname: path, argv: strings, envp: environment },
    source: 'man execve(2)',
  }),
  exit_group: row({ x64: 231, arm64: 94, args: { status: int }, result: 'none', source: 'man exit_group(2)' }),
};
