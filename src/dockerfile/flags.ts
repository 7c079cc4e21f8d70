// Flags of instructions: `--name`, `--name=value`, before the arguments. Which instruction takes which stands in one table.
// @source dockerfile reference: COPY, ADD, RUN, FROM, HEALTHCHECK
import { dockerfileError } from './source.ts';
import type { Flags, Keyword } from './syntax.ts';

type Shape = 'one' | 'many' | 'switch';

export const flagShapes: Partial<Record<Keyword, Readonly<Record<string, Shape>>>> = {
  FROM: { platform: 'one' },
  RUN: { mount: 'many', network: 'one', security: 'one' },
  COPY: { from: 'one', chown: 'one', chmod: 'one', link: 'switch', parents: 'switch', exclude: 'many' },
  ADD: {
    chown: 'one',
    chmod: 'one',
    link: 'switch',
    exclude: 'many',
    checksum: 'one',
    'keep-git-dir': 'switch',
    unpack: 'switch',
  },
  HEALTHCHECK: { interval: 'one', timeout: 'one', 'start-period': 'one', 'start-interval': 'one', retries: 'one' },
};

const form = /^--([a-z-]+)(?:=(.*))?$/s;

/** The flags and what stands behind them. `--` ends them. */
export function flagsOf(keyword: Keyword, text: string, line: number): { flags: Flags; rest: string } {
  const shapes = flagShapes[keyword] ?? {};
  const flags: Record<string, string[]> = {};
  let rest = text;
  while (rest.startsWith('--')) {
    const [word = ''] = rest.split(/\s/, 1);
    rest = rest.slice(word.length).trimStart();
    if (word === '--') break;
    const [, name = '', value] = form.exec(word) ?? [];
    const shape = shapes[name];
    if (shape === undefined) throw unknown(keyword, word, line);
    if (shape !== 'many' && flags[name] !== undefined)
      throw dockerfileError(line, `${keyword} --${name}: expected once`);
    flags[name] = [...(flags[name] ?? []), flagValue({ keyword, name, shape, line }, value)];
  }
  return { flags, rest };
}

function unknown(keyword: Keyword, word: string, line: number): Error {
  const known = Object.keys(flagShapes[keyword] ?? {}).map((name) => `--${name}`);
  const needed = known.length === 0 ? 'no flags' : `flags of it: ${known.join(', ')}`;
  return dockerfileError(line, `${keyword} ${word}: unknown flag`, `${keyword} takes ${needed}`);
}

interface Wanted {
  keyword: Keyword;
  name: string;
  shape: Shape;
  line: number;
}

function flagValue({ keyword, name, shape, line }: Wanted, value: string | undefined): string {
  if (shape === 'switch') {
    if (value === undefined || value === 'true' || value === 'false') return value ?? 'true';
    throw dockerfileError(line, `${keyword} --${name}=${value}: expected true or false`);
  }
  if (value === undefined || value === '') throw dockerfileError(line, `${keyword} --${name}: expected a value`);
  return value;
}
