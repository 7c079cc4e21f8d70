// A Dockerfile's text → parser directives and logical lines. What counts as a line: comment lines and blank lines fall out, also in the
// middle of a continued one; a line that ends in the escape character goes on; a heredoc's body belongs to the line that names it.
// Rule: every logical line knows the physical lines that it came from; nothing here knows what an instruction means.
// @source dockerfile reference: Parser directives, Escape, Here-documents
import { LabError } from '../base/errors.ts';
import { type Heredoc, heredocsOf, takesHeredocs } from './heredoc.ts';

export interface Directives {
  syntax?: string;
  /** The escape character: a backslash, or a backtick where paths hold backslashes. */
  escape: '\\' | '`';
  check?: string;
}

export interface LogicalLine {
  /** Without comments, continuations joined, no heredoc bodies. */
  text: string;
  /** Physical lines from 1, both ends included, heredoc bodies too. */
  startLine: number;
  endLine: number;
  heredocs: Heredoc[];
}

/** Something that builds, but not as its author may think. */
export interface Remark {
  line: number;
  name: string;
  message: string;
}

export interface Source {
  directives: Directives;
  lines: LogicalLine[];
  remarks: Remark[];
}

/** An error of a Dockerfile, with its line. Kind invalidArgument; `data.line` counts from 1. */
export const dockerfileError = (line: number, message: string, hint?: string): LabError =>
  new LabError('invalidArgument', `Dockerfile line ${line}: ${message}`, {
    data: { line },
    ...(hint === undefined ? {} : { hint }),
  });

/** Physical lines that a Dockerfile may have; far more than any real one, and a bound for hostile ones. */
const linesMax = 100_000;

export function readSource(text: string): Source {
  const physical = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (physical.length > linesMax)
    throw dockerfileError(linesMax, `${physical.length} lines: expected at most ${linesMax}`);
  const directives = directivesOf(physical);
  const reader: Reader = { physical, at: 0, escape: directives.escape, remarks: [] };
  const lines: LogicalLine[] = [];
  for (let line = nextLine(reader); line !== undefined; line = nextLine(reader)) lines.push(line);
  return { directives, lines, remarks: reader.remarks };
}

const directiveForm = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*$/;

/** Only before everything else, each once; the first other comment ends them. */
function directivesOf(physical: readonly string[]): Directives {
  const directives: Directives = { escape: '\\' };
  const seen = new Set<string>();
  for (const [index, line] of physical.entries()) {
    const [, key = '', value = ''] = directiveForm.exec(line.trim()) ?? [];
    const name = key.toLowerCase();
    if (name !== 'syntax' && name !== 'escape' && name !== 'check') break;
    if (seen.has(name)) throw dockerfileError(index + 1, `parser directive ${name}: expected once`);
    seen.add(name);
    if (name !== 'escape') directives[name] = value;
    else if (value === '\\' || value === '`') directives.escape = value;
    else throw dockerfileError(index + 1, `escape=${value}: expected \\ or \``);
  }
  return directives;
}

interface Reader {
  physical: readonly string[];
  /** Index of the next physical line. */
  at: number;
  escape: string;
  remarks: Remark[];
}

const isComment = (line: string): boolean => /^\s*#/.test(line);
const isBlank = (line: string): boolean => line.trim() === '';

function nextLine(reader: Reader): LogicalLine | undefined {
  const { physical } = reader;
  while (reader.at < physical.length && (isComment(physical[reader.at] ?? '') || isBlank(physical[reader.at] ?? '')))
    reader.at++;
  if (reader.at >= physical.length) return undefined;
  const startLine = reader.at + 1;
  const text = joined(reader);
  const heredocs = takesHeredocs(text) ? heredocsOf(text, reader.escape) : [];
  for (const heredoc of heredocs) heredoc.body = bodyOf(reader, heredoc, startLine);
  return { text, startLine, endLine: reader.at, heredocs };
}

/** Continued lines as one. The escape character may have spaces behind it. */
function joined(reader: Reader): string {
  const continues = reader.escape === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  let text = '';
  let isContinued = true;
  while (isContinued && reader.at < reader.physical.length) {
    const line = reader.physical[reader.at++] ?? '';
    if (text !== '' && isComment(line)) continue;
    if (text !== '' && isBlank(line)) {
      remarkEmptyContinuation(reader);
      continue;
    }
    isContinued = continues.test(line);
    text += text === '' ? line.replace(continues, '').trimStart() : line.replace(continues, '');
    // A first line of the escape character alone is a line nonetheless.
    if (text === '' && isContinued) text = ' ';
  }
  return text.trim();
}

/** At the end of the file there is nothing to continue with. */
function remarkEmptyContinuation({ physical, at, remarks }: Reader): void {
  if (physical.slice(at).every((line) => isBlank(line) || isComment(line))) return;
  const message = 'an empty line in the middle of a continued instruction is passed over, and will be an error one day';
  remarks.push({ line: at, name: 'NoEmptyContinuation', message });
}

function bodyOf(reader: Reader, heredoc: Heredoc, startLine: number): string {
  let body = '';
  while (reader.at < reader.physical.length) {
    const raw = reader.physical[reader.at++] ?? '';
    const line = heredoc.stripsTabs ? raw.replace(/^\t+/, '') : raw;
    if (line === heredoc.name) return body;
    body += `${line}\n`;
  }
  throw dockerfileError(
    startLine,
    `heredoc ${heredoc.name}: its end is missing`,
    `end it with a line "${heredoc.name}"`,
  );
}
