// The person's terminal: width, colours, the two output streams. Results go to stdout, everything said about them to stderr.
// Rule: colours are accents; the meaning is always also in a word.

/** SGR codes of the sixteen terminal colours, so that people's themes decide. */
const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof styles;

/** @source no-color.org: any non-empty value of NO_COLOR turns colours off */
export function hasColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

const painter = (stream: { isTTY?: boolean }) => (style: Style, text: string) =>
  hasColor(stream) ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;

export const paint = {
  /** For what goes to stdout. */
  out: painter(process.stdout),
  /** For what goes to stderr. */
  err: painter(process.stderr),
};

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
