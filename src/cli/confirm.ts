// Asks before something is lost. The answer is read from standard input, also from a pipe, as docker does; its end is a no.
import { createInterface } from 'node:readline';
import { print } from './terminal.ts';

/** True for `y` or `yes`, in any case. @source docker cli command.PromptForConfirmation */
export async function confirmed(question: string): Promise<boolean> {
  process.stdout.write(`${question} [y/N] `);
  using lines = createInterface({ input: process.stdin });
  for await (const line of lines) return /^(y|yes)$/i.test(line.trim());
  print('');
  return false;
}
