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
} as const;
