// Dockerfiles out of a generator: lines that are almost right, then mutated. The same seed gives the same texts. What reads them may refuse, with a
// LabError that names a line of the text; anything else is a finding.

import { LabError } from '../../src/base/errors.ts';
import { copyOf } from '../../src/daemon/build/copy/request.ts';
import { runMountsOf } from '../../src/daemon/build/copy/run-mounts.ts';
import { ignoreRules, parseIgnore } from '../../src/dockerfile/ignore.ts';
import { lint } from '../../src/dockerfile/lint/lint.ts';
import { matcherOf } from '../../src/dockerfile/match.ts';
import { type Dockerfile, parseDockerfile } from '../../src/dockerfile/parse.ts';
import type { Instruction } from '../../src/dockerfile/syntax.ts';

/** Numbers from 0 to 1. @source Tommy Ettinger, mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const keywords =
  'FROM RUN COPY ADD ARG ENV CMD ENTRYPOINT EXPOSE VOLUME USER WORKDIR LABEL SHELL STOPSIGNAL HEALTHCHECK ONBUILD MAINTAINER from Run NOPE'.split(
    ' ',
  );
/** `${…}` */
const braced = ['A', 'A:-b', 'A:+$B', 'A:?x', 'A#*/', 'A//b/c'].map((inside) => `$\{${inside}}`);
const words = [
  ...braced,
  ...[
    'a',
    'b.txt',
    './x/',
    '/abs',
    '..',
    '.',
    '*',
    '**/*.go',
    '[a-z]',
    '[',
    ']',
    '[^',
    '\\',
    '$A',
    '${',
    '}',
    '$',
    '$$',
  ],
  ...[
    '"',
    "'",
    '"a b"',
    "'$A'",
    '["a","b"]',
    '["a",',
    '[]',
    '<<EOF',
    '<<-EOF',
    '<<"EOF"',
    '3<<A',
    '<<A',
    'EOF',
    'A',
    '#',
    '# x',
    '!x',
    '=',
    'A=1',
    'A=',
    '=1',
    'as',
    'AS',
    'x',
    '0',
    '80/tcp',
  ],
  ...[
    '--from=x',
    '--chown=a:b',
    '--chmod=755',
    '--link',
    '--parents',
    '--exclude=*.x',
    '--mount=type=cache,target=/x',
    '--mount=',
    '--mount=type=secret,id=$A',
    '--platform=$A',
    '--network=none',
    '--',
    '--x',
  ],
  ...[
    'https://e.x/y',
    'git@x:y',
    'http://[',
    'sha256:0',
    '--checksum=sha256:0',
    '\u0000',
    '\uFEFF',
    '\uD800',
    'ünï',
    '🐳',
    '\t',
    '\v',
    '\u0085',
    '\u2028',
    'NONE',
    'CMD',
    '--interval=1s',
  ],
];
const ends = ['\n', '\n', '\n', '\r\n', '\\\n', ' \\ \n', '`\n', '', '\\\n\n', '\\\n# c\n', '\nEOF\n', '\nA\n'];
const tops = ['', '', '# syntax=x\n', '# escape=`\n', '# escape=\\\n', '#escape=x\n', '# check=skip=all\n', '\uFEFF'];

export function dockerfileOf(seed: number): string {
  const next = random(seed);
  const one = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  let text = one(tops) + (next() < 0.8 ? `FROM ${one(['scratch', 'x AS y', '$A', 'x'])}\n` : '');
  for (let line = Math.floor(next() * 8); line >= 0; line--) {
    text += one(keywords);
    for (let word = Math.floor(next() * 6); word > 0; word--) text += (next() < 0.9 ? ' ' : '') + one(words);
    text += one(ends);
  }
  return mutated(text, next);
}

/** Now and then a character goes, comes, or a piece is said again. */
function mutated(text: string, next: () => number): string {
  let result = text;
  while (next() < 0.5 && result.length > 0) {
    const at = Math.floor(next() * result.length);
    const end = at + Math.floor(next() * 12);
    const kind = next();
    if (kind < 0.4) result = result.slice(0, at) + result.slice(end);
    else if (kind < 0.7)
      result = result.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + result.slice(at);
    else if (kind < 0.98) result = result.slice(0, end) + result.slice(at);
    else result = result.slice(0, at) + (result[at] ?? 'x').repeat(5000) + result.slice(at);
  }
  return result;
}

/** No input of this size may take longer. */
const slowMs = 5000;

/** What is wrong with how this text is read; undefined when nothing is. `isTaken` says whether the parser took it. */
export function examine(text: string): { finding: string | undefined; isTaken: boolean } {
  const startedMs = performance.now();
  let isTaken = false;
  try {
    const file = refusable(() => parseDockerfile(text), text.split('\n').length);
    isTaken = file !== undefined;
    if (file !== undefined) use(text, file);
    refusable(() => ignoreRules(parseIgnore(text)).isIgnored('a/b.txt'));
    for (const line of text.split('\n', 20)) refusable(() => matcherOf(line)('a/b.txt'));
  } catch (error) {
    return { finding: (error as Error).stack ?? String(error), isTaken };
  }
  const tookMs = performance.now() - startedMs;
  return { finding: tookMs > slowMs ? `it takes ${Math.round(tookMs)} ms` : undefined, isTaken };
}

/** Only a LabError of bad input may come out; one of the parser has a line of the text. */
function refusable<T>(read: () => T, lines?: number): T | undefined {
  try {
    return read();
  } catch (error) {
    const isRefusal = error instanceof LabError && ['invalidArgument', 'notImplemented'].includes(error.kind);
    const line = error instanceof LabError ? Number(error.data?.line) : Number.NaN;
    if (isRefusal && (lines === undefined || (line >= 1 && line <= lines))) return undefined;
    throw error;
  }
}

function use(text: string, file: Dockerfile): void {
  let at = 0;
  for (const instruction of [
    ...file.globals,
    ...file.stages.flatMap(({ from, instructions }) => [from, ...instructions]),
  ]) {
    if (instruction.startLine <= at || instruction.endLine < instruction.startLine)
      throw new Error(`line ${instruction.startLine} to ${instruction.endLine} comes behind line ${at}`);
    at = instruction.endLine;
    useInstruction(instruction);
  }
  if (JSON.stringify(parseDockerfile(text)) !== JSON.stringify(file)) throw new Error('read again it is another');
  refusable(() => lint(file));
}

function useInstruction(instruction: Instruction): void {
  const scope = { lookup: (name: string): string | undefined => (name === 'A' ? 'a/b' : undefined) };
  if (instruction.keyword === 'COPY' || instruction.keyword === 'ADD') refusable(() => copyOf(instruction, scope));
  if (instruction.keyword === 'RUN') refusable(() => runMountsOf(instruction, scope, '/'));
}
