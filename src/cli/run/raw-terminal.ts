// The person's terminal while a container with a terminal of its own is attached: raw mode, its size, its end.
// Rule: whatever happens, the terminal is given back as it was: `using` it restores it, and so does the end of the process.

export interface RawTerminal extends Disposable {
  restore(): void;
}

/** Raw mode on stdin; does nothing when stdin is no terminal. */
export function rawTerminal(): RawTerminal {
  const { stdin } = process;
  if (!stdin.isTTY) return { restore: () => undefined, [Symbol.dispose]: () => undefined };
  stdin.setRawMode(true);
  const restore = (): void => {
    process.off('exit', restore);
    stdin.setRawMode(false);
  };
  process.on('exit', restore);
  return { restore, [Symbol.dispose]: restore };
}

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** The size of the terminal that output goes to; undefined when there is none. */
export function terminalSize(): TerminalSize | undefined {
  const { rows, columns } = process.stdout;
  if (rows === undefined || columns === undefined) return undefined;
  return { rows, columns };
}

/** Calls `resize` now and at each SIGWINCH, until disposed of. @source man tty_ioctl(4) TIOCSWINSZ */
export function followSize(resize: (size: TerminalSize) => void): Disposable {
  const tell = (): void => {
    const size = terminalSize();
    if (size !== undefined) resize(size);
  };
  tell();
  process.stdout.on('resize', tell);
  return { [Symbol.dispose]: () => void process.stdout.off('resize', tell) };
}
