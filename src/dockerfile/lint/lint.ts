// The linter: all rules over one parsed file, less what its `check` directive skips.
// @source dockerfile reference: check directive
import { LabError } from '../../base/errors.ts';
import type { Dockerfile } from '../parse.ts';
import type { Finding } from './rule.ts';
import { rules } from './rules.ts';

/** In the order of lines. Throws LabError invalidArgument for a directive that is none. */
export function lint(file: Dockerfile): Finding[] {
  const skipped = skippedRules(file.directives.check ?? '');
  return Object.entries(rules)
    .filter(([name]) => !skipped.has('all') && !skipped.has(name))
    .flatMap(([name, rule]) => rule.find(file).map((found) => ({ rule: name, ...found })))
    .sort((a, b) => a.line - b.line || a.rule.localeCompare(b.rule));
}

/** `skip=A,B;error=true`; what else it may say is for the builder. */
function skippedRules(directive: string): Set<string> {
  const parts = directive.split(';').map((part) => part.trim());
  const unknown = parts.find((part) => part !== '' && !/^(?:skip|error|experimental)=/.test(part));
  if (unknown !== undefined)
    throw new LabError(
      'invalidArgument',
      `# check=${directive}: expected skip=, error= or experimental=, saw "${unknown}"`,
    );
  const skip = parts.find((part) => part.startsWith('skip=')) ?? 'skip=';
  return new Set(
    skip
      .slice('skip='.length)
      .split(',')
      .map((name) => name.trim()),
  );
}
