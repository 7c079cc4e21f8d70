// Questions of login: a line, or a secret that is not shown while it is typed. Without a terminal there is nobody to ask.
import { createInterface } from 'node:readline/promises';
import { usageError } from '../flags/spec.ts';
import { rawTerminal } from '../run/raw-terminal.ts';

const enter = /[\r\n]/;

export async function askLine(question: string): Promise<string> {
  mustBeTerminal();
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

export async function askSecret(question: string): Promise<string> {
  mustBeTerminal();
  process.stderr.write(question);
  using _raw = rawTerminal();
  let secret = '';
  for await (const chunk of process.stdin) {
    for (const key of String(chunk)) {
      if (enter.test(key)) {
        process.stderr.write('\n');
        process.stdin.pause();
        return secret;
      }
      if (key === '\x03' || key === '\x04') throw usageError('login was given up');
      secret = key === '\x7f' || key === '\b' ? secret.slice(0, -1) : secret + key;
    }
  }
  return secret;
}

function mustBeTerminal(): void {
  if (process.stdin.isTTY) return;
  throw usageError('Cannot perform an interactive login from a non TTY device', 'use -u NAME --password-stdin');
}

/** Everything on standard input, without the last line break. */
export async function readSecret(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
