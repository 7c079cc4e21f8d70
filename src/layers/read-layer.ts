// One layer from the bytes of its blob: decompressed as they stream by, both digests verified, every entry's header kept.
// Rule: a layer is bounded by entries and by bytes after decompression; nothing of it is written anywhere.
import { createHash, type Hash } from 'node:crypto';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { LabError } from '../base/errors.ts';
import { layerCompression } from '../oci/media-types.ts';
import { type LayerEntry, readEntries } from './tar-reader.ts';

export interface LayerBlob {
  digest: string;
  mediaType: string;
  diffId: string;
  bytes: AsyncIterable<Uint8Array>;
}

export interface ReadLimits {
  entries: number;
  /** Bytes of the tar. */
  tarBytes: number;
}

/** More than any image has: what these allow takes minutes and some hundred megabytes. */
export const usualLimits: ReadLimits = { entries: 1_000_000, tarBytes: 64 * 2 ** 30 };

export interface ReadLayer {
  entries: LayerEntry[];
  tarBytes: number;
}

/** Errors: dataLoss for wrong digests and damaged archives; resourceExhausted over a limit; notImplemented for no layer. */
export async function readLayer(blob: LayerBlob, limits: ReadLimits = usualLimits): Promise<ReadLayer> {
  const compressed = createHash(algorithmOf(blob.digest));
  const tar = createHash(algorithmOf(blob.diffId));
  let tarBytes = 0;
  const counted = tapped(
    decompressed(
      blob,
      tapped(blob.bytes, (chunk) => compressed.update(chunk)),
    ),
    (chunk) => {
      tarBytes += chunk.byteLength;
      if (tarBytes > limits.tarBytes) throw tooMuch(blob, `${limits.tarBytes} bytes`);
      tar.update(chunk);
    },
  );
  const entries: LayerEntry[] = [];
  try {
    for await (const entry of readEntries(counted)) {
      if (entries.push(entry) > limits.entries) throw tooMuch(blob, `${limits.entries} entries`);
    }
  } catch (error) {
    if (error instanceof LabError)
      throw new LabError(error.kind, `layer ${blob.digest}: ${error.message}`, { cause: error });
    throw new LabError('dataLoss', `layer ${blob.digest}: ${(error as Error).message}`, { cause: error });
  }
  verify(compressed, blob.digest, `layer ${blob.digest}: the digest of its blob`);
  verify(tar, blob.diffId, `layer ${blob.digest}: the digest of its tar`);
  return { entries, tarBytes };
}

const algorithmOf = (digest: string): string => digest.slice(0, digest.indexOf(':'));

const tooMuch = (blob: LayerBlob, limit: string): LabError =>
  new LabError('resourceExhausted', `layer ${blob.digest}: more than ${limit}, which is as far as it is read`);

function verify(hash: Hash, expected: string, what: string): void {
  const seen = `${algorithmOf(expected)}:${hash.digest('hex')}`;
  if (seen !== expected) throw new LabError('dataLoss', `${what} is ${seen}, expected ${expected}`);
}

async function* tapped(
  stream: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    see(chunk);
    yield chunk;
  }
}

/** The bytes decide, as for whoever unpacks: the media type is often wrong. @source RFC 1952; RFC 8878 */
async function* decompressed(blob: LayerBlob, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (layerCompression(blob) === undefined) {
    throw new LabError('notImplemented', `layer ${blob.digest}: its media type ${blob.mediaType} is none of a layer`);
  }
  const chunks = stream[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < longestMagic) {
    const { done, value } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  const all = (async function* () {
    yield start;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  const decoder = decoderOf(start);
  if (decoder === undefined) yield* all;
  else yield* through(all, decoder);
}

const longestMagic = 4;

function decoderOf(start: Uint8Array): Transform | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return createGunzip({ chunkSize: 1 << 18 });
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  return isZstd ? createZstdDecompress({ chunkSize: 1 << 18 }) : undefined;
}

/** Errors of the source reach the reader, and the end of either ends both. */
async function* through(source: AsyncIterable<Uint8Array>, decoder: Transform): AsyncGenerator<Uint8Array> {
  const { pipeline } = await import('node:stream/promises');
  const stop = new AbortController();
  const feeding = pipeline(source, decoder, { signal: stop.signal }).catch((error: unknown) => {
    decoder.destroy(error as Error);
  });
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } finally {
    stop.abort();
    await feeding;
  }
}
