// The person's terminal: width and the two output streams. Results go to stdout, everything said about them to stderr.

/** Below it hardly a word has its place. */
const narrowest = 20;

/** Columns to write into: TLAB_WIDTH, the terminal's, COLUMNS, or 80. */
export function terminalColumns(): number {
  const asked = Number.parseInt(process.env.TLAB_WIDTH ?? '', 10);
  if (Number.isFinite(asked) && asked > 0) return Math.max(narrowest, asked);
  const given = process.stdout.columns ?? process.stderr.columns ?? Number.parseInt(process.env.COLUMNS ?? '', 10);
  return Number.isFinite(given) && given > 0 ? Math.max(narrowest, given) : 80;
}

/** A line of result. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A line about what is going on. @source node process-io: writes to stderr are synchronous on Linux */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Somebody who reads only the beginning, as `head` does, is no error. */
export function ignoreClosedOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
