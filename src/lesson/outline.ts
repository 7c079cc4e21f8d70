// The course by its outline alone: ids, titles and steps, cut from the Markdown without reading any YAML as such. It is what the first screen
// has the time for. Rule: it says the same as the loaded course; a test holds that.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutLesson, type SourceStep } from './format/source.ts';

export interface OutlineStep {
  id: string;
  title: string;
  predictions: ReadonlyArray<{ id: string }>;
}

export interface LessonOutline {
  id: string;
  title: string;
  steps: OutlineStep[];
  /** Where the whole lesson is. */
  folder: string;
}

/** A lesson that has no id, or no steps, is left out; `tlab lesson lint` tells why. */
export function outlineCourse(root: string): LessonOutline[] {
  const numbered = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /^\d\d-/.test(name))
      .sort();
  return numbered(root).flatMap((topic) =>
    numbered(join(root, topic)).flatMap((name) => outlineOf(join(root, topic, name)) ?? []),
  );
}

function outlineOf(folder: string): LessonOutline | undefined {
  const file = join(folder, 'lesson.md');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const { header, steps } = cutLesson(file, text);
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}:[ \t]*(.*)$`, 'm')
      .exec(header.text)?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2');
  const id = value('id');
  if (id === undefined || steps.length === 0) return undefined;
  return { id, title: value('title') ?? id, steps: steps.map(stepOf), folder };
}

const stepOf = ({ id, title, parts }: SourceStep): OutlineStep => ({
  id,
  title,
  predictions: parts.flatMap((part) =>
    part.kind === 'block' && part.type === 'predict'
      ? [...part.text.matchAll(/^- id:[ \t]*(\S+)/gm)].map(([, name = '']) => ({ id: name }))
      : [],
  ),
});
