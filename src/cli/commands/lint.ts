// tlab lint: what a Dockerfile does that its author may not want, with the reason. Exit status 1 when there is something.
import { readFileSync } from 'node:fs';
import { paint } from '../../base/colour.ts';
import { LabError } from '../../base/errors.ts';
import { printable, wrap } from '../../base/text.ts';
import type { Finding } from '../../dockerfile/lint/rule.ts';
import { syllabus } from '../../explain/syllabus.ts';
import { defineCommand } from '../command.ts';
import { boolean } from '../flags/spec.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  operands: '[DOCKERFILE]',
  count: { min: 0, max: 1 },
  says: 'DOCKERFILE is a file; ./Dockerfile without it, the standard input for -. A line `# check=skip=RULE` on top leaves rules away.',
  flags: { json: boolean('Print one JSON document') },
  examples: [
    { says: 'what could be better in this folder', line: 'tlab lint' },
    { says: 'a Dockerfile from elsewhere', line: 'tlab lint - < build/Dockerfile' },
  ],
  async run({ operands: [path = 'Dockerfile'], flags }) {
    const [{ parseDockerfile }, { lint }, { rules }] = await Promise.all([
      import('../../dockerfile/parse.ts'),
      import('../../dockerfile/lint/lint.ts'),
      import('../../dockerfile/lint/rules.ts'),
    ]);
    const findings = lint(parseDockerfile(textOf(path)));
    const told = findings.map((finding) => ({ ...finding, ...wordsOf(rules[finding.rule]) }));
    if (flags.json) print(JSON.stringify({ schema: 'tlab.lint/1', file: path, findings: told }, undefined, 2));
    else for (const line of report(path, told)) print(line);
    return findings.length > 0 ? 1 : 0;
  },
});

interface Words {
  why: string;
  fix: string;
  shows: readonly string[];
  source: string;
}

const wordsOf = (rule: Words | undefined): Words => ({
  why: rule?.why ?? '',
  fix: rule?.fix ?? '',
  shows: rule?.shows ?? [],
  source: rule?.source ?? '',
});

/** A Dockerfile is text; more than this is something else. */
const bytesMax = 4 * 1024 * 1024;

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    if (bytes.length <= bytesMax) return bytes.toString('utf8');
    throw new LabError(
      'invalidArgument',
      `"${path}": ${bytes.length} bytes: expected a Dockerfile of at most ${bytesMax}`,
    );
  } catch (error) {
    if (error instanceof LabError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new LabError('notFound', `reading "${path}": ${code}`, {
      cause: error,
      hint: 'name the Dockerfile, or go to its folder',
    });
  }
}

const titleOf = (id: string): string => (syllabus as Record<string, string>)[id] ?? '';

function report(path: string, findings: ReadonlyArray<Finding & Words>): string[] {
  if (findings.length === 0) return [`${printable(path)}: nothing to say.`];
  const width = Math.min(terminalColumns(), 100) - 5;
  const indented = (label: string, text: string): string[] =>
    wrap(`${label}${printable(text)}`, width).map((line) => `     ${line}`);
  const lines = findings.flatMap(({ line, rule, message, why, fix, shows }) => [
    `${String(line).padStart(4)} ${paint.out('yellow', rule)}`,
    ...indented('', `${message}.`),
    ...indented('why: ', why),
    ...indented('try: ', fix),
    ...shows.flatMap((id) => indented('see: ', `${id} ${titleOf(id)}`)),
    '',
  ]);
  const places = new Set(findings.map(({ rule }) => rule)).size;
  return [
    ...lines,
    `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'} of ${places} ${places === 1 ? 'rule' : 'rules'}.`,
  ];
}
