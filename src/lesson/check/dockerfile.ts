// The probe of a Dockerfile: what the linter finds in it, and what instructions it has.
import { readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { lint } from '../../dockerfile/lint/lint.ts';
import { parseDockerfile } from '../../dockerfile/parse.ts';
import { CannotTell, type Facts } from './verdict.ts';

/** `error` instead of findings when it cannot be parsed. */
export function dockerfileFacts(path: string): Facts {
  const text = textOf(path);
  if (text === undefined) return { exists: false };
  try {
    const file = parseDockerfile(text);
    const findings = lint(file);
    return { exists: true, findings: findings.length, rules: [...new Set(findings.map(({ rule }) => rule))] };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { exists: true, error: error.message };
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CannotTell(message);
  }
}
