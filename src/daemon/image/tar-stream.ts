// A tar archive as it is sent: entries of known size, one after the other, nothing of them in memory but what flows.
// The same entries give the same bytes. @source man tar(5): ustar
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const blockBytes = 512;
/** Eleven octal digits; larger sizes are written in base 256, as GNU's. */
const largestOctal = 8 ** 11;

export interface StreamedEntry {
  /** At most 100 bytes; a directory's ends in a slash. */
  name: string;
  sizeBytes: number;
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Writes the archive; the stream is left open. Errors: what the contents throw, and when they are not as long as they said. */
export async function writeTarStream(
  to: Writable,
  entries: AsyncIterable<StreamedEntry> | Iterable<StreamedEntry>,
): Promise<void> {
  for await (const { name, sizeBytes, content } of entries) {
    await put(to, headerOf(name, sizeBytes));
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      await put(to, chunk);
    }
    if (written !== sizeBytes) throw new Error(`${name}: ${written} bytes, ${sizeBytes} were announced`);
    await put(to, new Uint8Array((blockBytes - (sizeBytes % blockBytes)) % blockBytes));
  }
  await put(to, new Uint8Array(2 * blockBytes));
}

async function put(to: Writable, bytes: Uint8Array): Promise<void> {
  if (to.destroyed) throw new Error('the client went away');
  if (bytes.length > 0 && !to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
}

function headerOf(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const isDirectory = name.endsWith('/');
  const field = (text: string, at: number): number => header.write(text, at, 'latin1');
  field(name, 0);
  field(isDirectory ? '0000755\0' : '0000644\0', 100);
  field('0000000\0', 108);
  field('0000000\0', 116);
  if (sizeBytes < largestOctal) field(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  field('00000000000\0', 136);
  field(' '.repeat(8), 148);
  field(isDirectory ? '5' : '0', 156);
  field('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  field(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
