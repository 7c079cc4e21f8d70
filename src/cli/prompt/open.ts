// Which renderer speaks: JSON when asked for; plain when asked for, without a terminal, or in one that is too small or too simple; else rich.
import { JsonPrompter } from './json.ts';
import { PlainPrompter } from './plain.ts';
import type { Prompter } from './prompter.ts';
import { RichPrompter } from './rich.ts';

/** Below it, a moved cursor would overwrite what does not fit. */
const smallest = { columns: 40, rows: 12 };

/** Why it is plain, in words; undefined when it is rich. Nothing is guessed: no detection of screen readers. */
export function plainReason(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if ((env.ACCESSIBLE ?? '') !== '') return 'asked for: --accessible or ACCESSIBLE';
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return 'no terminal';
  if (env.TERM === 'dumb') return 'TERM is dumb';
  const { columns, rows } = process.stdout;
  if (columns < smallest.columns || rows < smallest.rows)
    return `the terminal has ${columns} columns and ${rows} lines`;
  return undefined;
}

export function openPrompter({ json = false }: { json?: boolean } = {}): Prompter {
  if (json) return new JsonPrompter();
  return plainReason() === undefined ? new RichPrompter() : new PlainPrompter();
}
