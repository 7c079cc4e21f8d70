// The build context: the client's tar goes through the native unpacker onto the disk as it comes, into a directory of its own. The unpacker finds out how
// it is compressed, keeps every name inside, leaves out devices, and stops at the bounds.
// Rule: whatever goes wrong, the directory goes away; a daemon that was killed leaves it, and the next one clears (`clearContexts`).
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import * as v from 'valibot';
import { LabError } from '../../../base/errors.ts';
import { paths } from '../../../base/paths.ts';
import { parseDigest } from '../../../oci/digest.ts';
import { emit } from '../../../trace/recorder.ts';
import { readFiles, refuse, runNative } from '../copy/native.ts';
import type { BuildContext, ContextOptions } from './types.ts';

const contexts = `${paths.build}/contexts`;

const defaults = { mostBytes: 32 * 1024 ** 3, mostEntries: 2_000_000 };

const totalsSchema = v.object({
  entries: v.number(),
  bytesIn: v.number(),
  bytesOut: v.number(),
  diffId: v.pipe(v.string(), v.transform(parseDigest)),
});

/** Removes what a daemon that is gone has left. Call it at start, before the first build. */
export const clearContexts = (): Promise<void> => rm(contexts, { recursive: true, force: true });

/**
 * The client's tar, plain or compressed with gzip, bzip2, xz or zstd, as a directory.
 * Errors: invalidArgument when it is no archive, is cut short or leads outside; resourceExhausted beyond the bounds and when the disk is full;
 * cancelled by the signal. The caller removes the context.
 */
export async function receiveContext(stream: AsyncIterable<Buffer>, options: ContextOptions): Promise<BuildContext> {
  const root = `${contexts}/${randomBytes(12).toString('hex')}`;
  // Only root looks into contexts; the root of one is 0755, as images have it: COPY . may make a directory like it.
  await mkdir(contexts, { recursive: true, mode: 0o700 });
  await mkdir(root, { mode: 0o755 });
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    const startedMs = performance.now();
    const totals = await unpackContext(stream, root, options);
    const { entries, bytesIn: sentBytes, bytesOut: tarBytes, diffId: digest } = totals;
    emit('daemon.context-received', {
      data: {
        directory: root,
        digest,
        entries,
        sentBytes,
        tarBytes,
        durationMs: Math.round(performance.now() - startedMs),
      },
      twin: `mkdir -p ${root} && tar --extract --no-same-owner --directory ${root} --file context.tar`,
    });
    return {
      root,
      entries,
      sentBytes,
      tarBytes,
      digest,
      remove,
      readTexts: async (names) => (await readFiles(options, root, names)).map((bytes) => bytes?.toString('utf8')),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function unpackContext(
  stream: AsyncIterable<Buffer>,
  root: string,
  options: ContextOptions,
): Promise<v.InferOutput<typeof totalsSchema>> {
  const { mostBytes = defaults.mostBytes, mostEntries = defaults.mostEntries } = options.limits ?? {};
  const ended = await runNative(
    options,
    [
      'tlab-unpack',
      ...['--directory', root],
      ...['--whiteouts', 'literal', '--devices', 'skip', '--compression', 'any'],
      ...['--max-bytes', String(mostBytes), '--max-entries', String(mostEntries)],
    ],
    stream,
  );
  if (ended.status === 0) return v.parse(totalsSchema, JSON.parse(ended.stdout.toString()));
  if (/--max-(bytes|entries|ratio)/.test(ended.message))
    throw new LabError('resourceExhausted', `build context: ${ended.message.replace('the layer', 'it')}`, {
      hint: 'leave files out with .dockerignore',
    });
  return refuse(ended, 'build context');
}
