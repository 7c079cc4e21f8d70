// Long results to stdout: written in pieces, no faster than they are read, and no longer than somebody reads them.
import { once } from 'node:events';

const pieceCharacters = 64 * 1024;

/** Writes lines as they come. False when the reader went away (`tlab … | head`): nothing was printed after that. */
export async function printLines(lines: Iterable<string>): Promise<boolean> {
  const out = process.stdout;
  let isGone = false;
  const gone = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    isGone = true;
  };
  out.on('error', gone);
  const write = async (piece: string): Promise<void> => {
    if (!out.write(piece)) await Promise.race([once(out, 'drain'), once(out, 'close')]).catch(() => undefined);
    else await new Promise(setImmediate); // lets the error of a closed pipe come in
  };
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < pieceCharacters) continue;
    await write(piece);
    if (isGone) return false;
    piece = '';
  }
  if (piece !== '') await write(piece);
  out.off('error', gone);
  return !isGone;
}
