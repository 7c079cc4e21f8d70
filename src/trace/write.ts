// Writes lines into an open file, of which there may be a million. Rule: all of them, or an error; a full disk takes a part of what it is given.
import { writeSync } from 'node:fs';

const pieceCharacters = 1 << 20;

/** Returns how many lines there were. @throws what write(2) says, such as ENOSPC */
export function writeLines(fd: number, lines: Iterable<string>): number {
  let count = 0;
  let piece = '';
  for (const line of lines) {
    count++;
    piece += `${line}\n`;
    if (piece.length < pieceCharacters) continue;
    writeWhole(fd, piece);
    piece = '';
  }
  writeWhole(fd, piece);
  return count;
}

/** @source man write(2): it may take less than it was given */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
