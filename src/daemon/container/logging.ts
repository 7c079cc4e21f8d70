// The log of a running container: opened with its streams, fed by them, closed when they end.

import { JsonFileLog } from '../log/json-file.ts';
import { parseSize } from '../log/size.ts';
import type { OutputName } from '../stdio/output.ts';
import type { Container } from './container.ts';

export const hasLog = (container: Container): boolean => container.record.host.LogConfig?.Type !== 'none';

/** Safe to call again: a container has one log. */
export function keepLog(container: Container): void {
  if (container.log !== undefined || container.streams === undefined || !hasLog(container)) return;
  const options = container.record.host.LogConfig?.Config ?? {};
  const log = new JsonFileLog({
    path: container.logPath,
    maxSizeBytes: parseSize(options['max-size'] ?? '0', 'max-size'),
    maxFiles: Number(options['max-file'] ?? '1'),
  });
  container.log = log;
  const names: OutputName[] = ['stdout', 'stderr'];
  container.streams.watch(names, {
    write: (name, chunk) => {
      log.write(name, chunk);
      return true;
    },
    end: (name) => log.flush(name),
  });
}
