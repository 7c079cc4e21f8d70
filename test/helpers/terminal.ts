// A program on a real pseudo-terminal, made by script(1): what it draws, and keys typed into it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitUntil } from './wait.ts';

export interface Terminal {
  child: ChildProcess;
  /** All that was written so far. */
  output(): string;
  /** Types, and waits until what comes after it holds a text. */
  type(keys: string, wanted: string): Promise<void>;
  /** When the shell line is over. */
  ended: Promise<number | null>;
  /** The process furthest below script(1): the program itself. */
  program(): number;
}

export interface TerminalOptions {
  env?: Record<string, string>;
  rows?: number;
  columns?: number;
}

const opened: ChildProcess[] = [];

/** For `after`: whatever is still open. */
export const closeTerminals = (): void => {
  for (const child of opened) child.kill('SIGKILL');
};

/** A shell line on a terminal of its own. Ctrl-C is the program's: a shell that did not trap it (dash) would end with it, and not go on in the line. */
export function openTerminal(line: string, { env = {}, rows = 24, columns = 90 }: TerminalOptions = {}): Terminal {
  const child = spawn('script', ['-qec', `trap : INT; stty rows ${rows} columns ${columns}; ${line}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  opened.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return {
    child,
    output: () => text,
    type: async (keys, wanted) => {
      const from = text.length;
      child.stdin.write(keys);
      await waitUntil(() => text.slice(from).includes(wanted), { what: `${JSON.stringify(keys)} shows ${wanted}` });
    },
    ended: new Promise((resolve) => child.once('exit', resolve)),
    program: () => youngestBelow(child.pid ?? 0),
  };
}

function youngestBelow(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const [child] = children.filter((one) => one > 0);
  return child === undefined ? pid : youngestBelow(child);
}
