// From words to a command of the catalogue.
import { LabError } from '../base/errors.ts';
import { type CatalogueRow, catalogue, topics } from './catalogue.ts';
import type { CommandClass } from './command.ts';
import { closest } from './flags/closest.ts';

export const findRow = (name: string): CatalogueRow | undefined =>
  Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;

/** `trace --engine docker run …` and `trace run --engine docker …` are one command: what follows the engine is the engine's own line. */
export function withEngine(words: readonly string[]): readonly string[] {
  const at = words[1] === 'run' ? 2 : 1;
  if (words[0] !== 'trace' || !/^--engine(=|$)/.test(words[at] ?? '')) return words;
  const isApart = words[at] === '--engine';
  const engine = isApart ? `--engine=${words[at + 1] ?? ''}` : (words[at] ?? '');
  const rest = words.slice(isApart ? at + 2 : at + 1);
  return ['trace', 'xray', engine, ...(at === 2 ? ['run'] : []), ...rest];
}

/** The longest name in the catalogue that the line begins with. */
export function commandName(words: readonly string[]): string | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    if (words.length >= length && findRow(name) !== undefined) return name;
  }
  return undefined;
}

export async function loadCommand(name: string): Promise<CommandClass> {
  const row = findRow(name);
  if (row === undefined) throw unknownCommand(name.split(' '));
  const command = (await row.load()).default;
  command.id = name.replaceAll(' ', ':');
  return command;
}

/** `usage`, with the nearest command there is. */
export function unknownCommand(words: readonly string[]): LabError {
  const [first = '', second] = words;
  if (Object.hasOwn(topics, first) && second !== undefined) {
    const below = Object.keys(catalogue).filter((name) => name.startsWith(`${first} `));
    const near = closest(`${first} ${second}`, below);
    return new LabError('usage', `unknown command: tlab ${first} ${second}`, {
      hint: near === undefined ? `tlab ${first} --help` : `tlab ${near}`,
    });
  }
  const near = closest(first, [...Object.keys(catalogue), ...Object.keys(topics)]);
  return new LabError('usage', `unknown command: tlab ${first}`, {
    hint: near === undefined ? 'tlab --help' : `tlab ${near}`,
  });
}
