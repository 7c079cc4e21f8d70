// Calls on files and folders by their names.
import { dirfd, path } from '../decode/arguments.ts';
import { createMode, openFlag } from '../decode/files.ts';
import { row } from '../syscall.ts';

export const fileRows = {
  open: row({
    x64: 2,
    args: { pathname: path, flags: openFlag, mode: createMode(1) },
    result: 'fd',
    source: 'man open(2)',
  }),
  openat: row({
    x64: 257,
    arm64: 56,
    args: { dirfd, pathname: path, flags: openFlag, mode: createMode(2) },
    result: 'fd',
    source: 'man openat(2)',
  }),
};
