// The recordings of this package, each read once; one that is not there is no error for a quiz.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Recordings } from '../../lesson/quiz/cards.ts';
import type { Trace } from '../../trace/file.ts';
import { readTraceFile } from '../../trace/read.ts';
import { lessonsFolder } from './folder.ts';

export function openRecordings(): Recordings {
  const read = new Map<string, Promise<Trace | undefined>>();
  return (path) => {
    const file = join(lessonsFolder(), '..', path);
    const trace = read.get(path) ?? (existsSync(file) ? readTraceFile(file) : Promise.resolve(undefined));
    read.set(path, trace);
    return trace;
  };
}
