// ps [-f table|json] ID [ps options]: the processes of a container. The table is the host's ps(1), cut down to the container's pids.
import { execFileSync } from 'node:child_process';
import { LabError } from '../../base/errors.ts';
import { processesOf, readContainer } from '../state-directory.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = (argv, { root }) => {
  const { format, id, options } = parse(argv);
  const pids = processesOf(readContainer(root, id));
  process.stdout.write(format === 'json' ? `${JSON.stringify(pids)}\n` : table(pids, options));
};

/** What follows the id goes to ps(1) as it is, so node:util's parser cannot be used. */
function parse(argv: readonly string[]): { format: string; id: string; options: string[] } {
  const rest = [...argv];
  let format = 'table';
  while (rest[0]?.startsWith('-')) {
    const [, name = '', value] = /^--?([^=]*)(?:=(.*))?$/s.exec(rest.shift() ?? '') ?? [];
    if (name !== 'f' && name !== 'format') throw new LabError('usage', `--${name}: not an option of ps`);
    format = value ?? rest.shift() ?? '';
  }
  if (format !== 'table' && format !== 'json')
    throw new LabError('usage', `--format "${format}": expected table or json`);
  const [id, ...options] = rest;
  if (id === undefined) throw new LabError('usage', 'ps: expected a container id');
  return { format, id, options: options.length === 0 ? ['-ef'] : options };
}

function table(pids: readonly number[], options: readonly string[]): string {
  const lines = execFileSync('ps', [...options], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  const [head = ''] = lines;
  const column = head.trim().split(/\s+/).indexOf('PID');
  if (column === -1) throw new LabError('usage', `ps ${options.join(' ')}: its output has no PID column`);
  const wanted = new Set(pids);
  const own = lines.slice(1).filter((line) => wanted.has(Number(line.trim().split(/\s+/)[column])));
  return [head, ...own].map((line) => `${line}\n`).join('');
}
