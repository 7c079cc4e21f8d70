// Kernel settings below /proc/sys, of this namespace and of another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { emit } from '../../trace/recorder.ts';
import { errnoName, kernelError } from '../errors.ts';
import type { Sysctls } from '../kernel.ts';
import { library } from './library.ts';

const fileOf = (name: string): string => `/proc/sys/${name}`;
const dotted = (name: string): string => name.replaceAll('/', '.');
const numberOfErrno = (error: unknown): number => Math.abs((error as NodeJS.ErrnoException).errno ?? 5);

export const realSysctls: Sysctls = {
  read(name) {
    try {
      return readFileSync(fileOf(name), 'utf8').trim();
    } catch {
      return undefined;
    }
  },

  write(name, value) {
    let errno = 0;
    try {
      writeFileSync(fileOf(name), value);
    } catch (error) {
      errno = numberOfErrno(error);
    }
    emit('kernel.file-written', {
      data: { path: fileOf(name), value, ...(errno === 0 ? {} : { errno: errnoName(errno) }) },
      twin: `sysctl -w ${dotted(name)}=${value}`,
    });
    if (errno !== 0) throw kernelError({ call: 'write(2)', what: `setting ${dotted(name)} to ${value}`, errno });
  },

  writeIn(namespace, name, value) {
    const result: number = library().netnsWrite(namespace, fileOf(name), value);
    if (errnoName(-result) === 'ENOENT') return false;
    emit('kernel.file-written', {
      data: { path: fileOf(name), value, ...(result < 0 ? { errno: errnoName(-result) } : {}) },
      twin: `nsenter --net=${namespace} sysctl -w ${dotted(name)}=${value}`,
    });
    if (result < 0) {
      throw kernelError({ call: 'write(2)', what: `setting ${dotted(name)} in "${namespace}"`, errno: -result });
    }
    return true;
  },
};
