// Calls that read and write by descriptor.
import { dataIn, dataOut, fd, unsignedLong } from '../decode/arguments.ts';
import { row } from '../syscall.ts';

export const ioRows = {
  read: row({ x64: 0, arm64: 63, args: { fd, buf: dataOut(2), count: unsignedLong }, source: 'man read(2)' }),
  write: row({ x64: 1, arm64: 64, args: { fd, buf: dataIn(2), count: unsignedLong }, source: 'man write(2)' }),
  close: row({ x64: 3, arm64: 57, args: { fd }, source: 'man close(2)' }),
};
