// Long results to stdout: written in pieces, no faster than they are read, and no longer than somebody reads them.

const pieceCharacters = 64 * 1024;

/** Writes lines as they come. False when the reader went away, as `head` does: the rest is not even made. */
export async function printLines(lines: Iterable<string>): Promise<boolean> {
  const out = process.stdout;
  let failure: NodeJS.ErrnoException | undefined;
  const keep = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
  };
  out.removeAllListeners('error'); // oclif's own throws where nobody can catch it
  out.on('error', keep);
  // The stream calls back when the piece was taken, or with the error.
  const write = (piece: string): Promise<void> =>
    new Promise((resolve) => {
      out.write(piece, (error) => {
        if (error) keep(error);
        resolve();
      });
    });
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < pieceCharacters) continue;
    await write(piece);
    if (failure !== undefined) break;
    piece = '';
  }
  if (failure === undefined) await write(piece);
  if (failure !== undefined && failure.code !== 'EPIPE') throw failure;
  return failure === undefined;
}
