// Event types of the cli stage.
import * as v from 'valibot';
import { row } from '../row.ts';
import { doorRows } from './door.ts';

export const cliRows = {
  ...doorRows('cli'),
  'cli.command-started': row({
    level: 1,
    data: v.object({ command: v.array(v.string()) }),
    says: (d) => `${d.command.join(' ')} starts`,
    source: 'tlab',
  }),
  'cli.command-ended': row({
    level: 1,
    data: v.object({ status: v.optional(v.number()) }),
    follows: ['cli.command-started'],
    says: (d) => (d.status === undefined ? 'the command ends in an error' : `the command ends with ${d.status}`),
    source: 'tlab',
  }),
  'cli.step-started': row({
    level: 1,
    data: v.object({ number: v.number(), line: v.string() }),
    follows: ['cli.command-started'],
    says: (d) => `step ${d.number}: ${d.line}`,
    source: 'tlab trace script',
  }),
  'cli.step-ended': row({
    level: 1,
    data: v.object({
      number: v.number(),
      status: v.number(),
      /** The beginning of what it printed. */
      output: v.string(),
    }),
    follows: ['cli.step-started'],
    says: (d) => `step ${d.number} ends with ${d.status}${firstLine(d.output)}`,
    source: 'tlab trace script',
  }),
} as const;

function firstLine(output: string): string {
  const [line = '', ...rest] = output.trim().split('\n');
  return line === '' ? '' : `: ${line}${rest.length > 0 ? ' …' : ''}`;
}
