// mkfifo(3), which Node does not have, through koffi: a process for it would cost more than the whole start.
import { createRequire } from 'node:module';
import { LabError } from '../../base/errors.ts';

type MakeFifo = (path: string) => void;

let loaded: MakeFifo | undefined;

/** Makes a FIFO that only root may open. Errors: internal, with the errno's name. */
export function makeFifo(path: string): void {
  loaded ??= load();
  loaded(path);
}

function load(): MakeFifo {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const mkfifo = koffi.load('libc.so.6').func('int mkfifo(const char *path, uint32_t mode)');
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  return (path) => {
    if (mkfifo(path, 0o600) === 0) return;
    const errno = names.get(koffi.errno()) ?? `errno ${koffi.errno()}`;
    throw new LabError('internal', `making FIFO "${path}": mkfifo(3): ${errno}`, { data: { errno } });
  };
}
