// Help, rendered from the catalogue and the flag tables: usage, what it does, flags, examples; never wider than the terminal.
import { paint } from '../base/colour.ts';
import { wrap } from '../base/text.ts';
import { type CatalogueRow, catalogue, groups, topics } from './catalogue.ts';
import type { CommandSpec } from './command.ts';
import { findRow, loadCommand, unknownCommand } from './dispatch.ts';
import type { FlagSpec, FlagTable } from './flags/spec.ts';
import { print, terminalColumns } from './terminal.ts';

/** Prints the help of a command, of a topic, or of everything. */
export async function help(name: string | undefined): Promise<number> {
  for (const line of await helpLines(name, Math.min(terminalColumns(), 100))) print(line);
  return 0;
}

export async function helpLines(name: string | undefined, width: number): Promise<string[]> {
  if (name === undefined) return overallHelp(width);
  const row = findRow(name);
  if (row !== undefined) return commandHelp(name, row.says, { spec: (await loadCommand(name)).spec, width });
  const says = Object.hasOwn(topics, name) ? topics[name] : undefined;
  if (says === undefined) throw unknownCommand(name.split(' '));
  return topicHelp(name, says, width);
}

function overallHelp(width: number): string[] {
  const lines = ['Usage:  tlab [--host unix:///PATH] COMMAND', '', ...wrap(purpose, width)];
  for (const [group, title] of Object.entries(groups)) {
    const rows = Object.entries(catalogue).filter(([, row]) => row.group === group && isShown(row));
    lines.push(
      '',
      `${heading(title)}`,
      ...definitions(
        rows.map(([name, row]) => [name, row.says]),
        width,
      ),
    );
  }
  lines.push('', "Run 'tlab help COMMAND' for more about a command.");
  return lines;
}

const isShown = (row: CatalogueRow): boolean => row.hidden !== true && row.isLonger !== true;

const purpose = 'A container stack that one can see through: commands as in Docker, and a trace of every step.';

function topicHelp(name: string, says: string, width: number): string[] {
  const rows = Object.entries(catalogue).filter(
    ([command, row]) => command.startsWith(`${name} `) && row.hidden !== true,
  );
  return [
    `Usage:  tlab ${name} COMMAND`,
    '',
    ...wrap(`${says}.`, width),
    '',
    heading('Commands'),
    ...definitions(
      rows.map(([command, row]) => [command.slice(name.length + 1), row.says]),
      width,
    ),
    '',
    `Run 'tlab ${name} COMMAND --help' for more about a command.`,
  ];
}

function commandHelp(name: string, says: string, about: { spec: CommandSpec<FlagTable>; width: number }): string[] {
  const { spec, width } = about;
  const flags = Object.entries(spec.flags).filter(([, flag]) => flag.hidden !== true);
  const options = flags.length === 0 ? '' : ' [OPTIONS]';
  const operands = spec.operands === undefined ? '' : ` ${spec.operands}`;
  const lines = [`Usage:  tlab ${name}${options}${operands}`, '', ...wrap(`${says}.`, width)];
  if (spec.says !== undefined) lines.push(...wrap(spec.says, width));
  if (flags.length > 0) lines.push('', heading('Options'), ...flagLines(flags, width));
  if (spec.examples !== undefined) {
    lines.push('', heading('Examples'));
    for (const example of spec.examples) lines.push(`  # ${example.says}`, `  ${example.line}`);
  }
  return lines;
}

function flagLines(flags: Array<[string, FlagSpec<unknown>]>, width: number): string[] {
  const sorted = [...flags].sort(([a], [b]) => (a < b ? -1 : 1));
  return definitions(
    sorted.map(([name, flag]) => [flagWords(name, flag), flag.says]),
    width,
  );
}

function flagWords(name: string, flag: FlagSpec<unknown>): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${name}${flag.arity === 'boolean' ? '' : ` ${flag.value ?? 'string'}`}`;
}

/** Terms on the left, their meaning wrapped on the right. */
function definitions(rows: ReadonlyArray<readonly [string, string]>, width: number): string[] {
  const longest = Math.max(0, ...rows.map(([term]) => term.length));
  const left = Math.min(longest, Math.floor(width * 0.42));
  const right = Math.max(16, width - left - 4);
  return rows.flatMap(([term, says]) => {
    const [first = '', ...more] = wrap(says, right);
    const rest = more.map((line) => ' '.repeat(left + 4) + line);
    if (term.length > left) return [`  ${term}`, ...wrap(says, right).map((line) => ' '.repeat(left + 4) + line)];
    return [`  ${term.padEnd(left)}  ${first}`, ...rest];
  });
}

const heading = (title: string): string => paint.out('bold', `${title}:`);
