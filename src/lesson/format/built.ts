// Lessons as they were read when the package was built, by the digest of their text: to read the YAML of all of them takes longer than
// everything else that a command does. Rule: a text is the very same, or it is read anew, so that a lesson that somebody has changed is never an old one.
import { createHash } from 'node:crypto';
import { type Lesson, loadCourse, readLesson } from './load.ts';

export type BuiltLessons = Readonly<Record<string, Omit<Lesson, 'folder'>>>;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Every lesson below a folder in which nothing is wrong. */
export function buildLessons(root: string): BuiltLessons {
  const built: Record<string, Omit<Lesson, 'folder'>> = {};
  loadCourse(root, (folder, text) => {
    const loaded = readLesson(folder, text);
    const { folder: _, ...lesson } = loaded.lesson ?? {};
    if (loaded.findings.length === 0) built[digestOf(text)] = lesson as Omit<Lesson, 'folder'>;
    return loaded;
  });
  return built;
}

/** As `readLesson`, and at once where the text is among those. */
export const readerOf =
  (built: BuiltLessons): typeof readLesson =>
  (folder, text) => {
    const lesson = built[digestOf(text)];
    return lesson === undefined ? readLesson(folder, text) : { lesson: { ...lesson, folder }, findings: [] };
  };
