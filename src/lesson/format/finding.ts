// What is wrong with a lesson, with its place: an author corrects by it, a learner never sees it.

export interface Place {
  /** Path of the file, as it was given. */
  file: string;
  /** Both count from 1. */
  line: number;
  column: number;
}

export interface Finding extends Place {
  /** What was seen and what was expected. */
  says: string;
}

/** `lesson.md:12:3: steps: …`, as compilers write it, so that editors jump to it. */
export const findingLine = ({ file, line, column, says }: Finding): string => `${file}:${line}:${column}: ${says}`;
