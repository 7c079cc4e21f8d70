// How lessons are read: as scripts/build.ts has put them beside the bundle, which is at once; among the sources from their text.
import { readFileSync } from 'node:fs';
import { type BuiltLessons, readerOf } from '../../lesson/format/built.ts';

export function lessonReader(): ReturnType<typeof readerOf> {
  try {
    return readerOf(JSON.parse(readFileSync(`${import.meta.dirname}/lessons.json`, 'utf8')) as BuiltLessons);
  } catch {
    return readerOf({});
  }
}
