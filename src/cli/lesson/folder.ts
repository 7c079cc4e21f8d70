// Where the lessons lie.
import { existsSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';

/** TLAB_LESSONS, for authors; else the package's own, beside dist/ or src/. */
export function lessonsFolder(): string {
  const given = process.env.TLAB_LESSONS;
  const candidates =
    given === undefined ? ['../lessons', '../../../lessons'].map((one) => `${import.meta.dirname}/${one}`) : [given];
  const found = candidates.find((one) => existsSync(one));
  if (found !== undefined) return found;
  throw new LabError('notFound', `lessons: no folder ${candidates.join(' or ')}`, { hint: 'set TLAB_LESSONS' });
}
