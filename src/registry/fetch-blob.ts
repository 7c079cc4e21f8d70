// One blob from a source into the content sink: goes on where a broken connection stopped, never writes more than was
// promised, and leaves it to the sink's commit to verify.
import { setTimeout as delay } from 'node:timers/promises';
import { isDiskFull } from '../base/disk.ts';
import { asLabError, LabError } from '../base/errors.ts';
import { monotonicNow } from '../base/time.ts';
import type { Descriptor } from '../oci/image.ts';
import { isLayerType } from '../oci/media-types.ts';
import type { Reference } from '../oci/reference.ts';
import { emit } from '../trace/recorder.ts';
import type { BlobWriter, ContentSink } from './content-sink.ts';
import type { ImageSource } from './source.ts';
import { Tries } from './tries.ts';

export interface BlobProgress {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  offsetBytes: number;
  status: 'waiting' | 'exists' | 'fetching' | 'retrying' | 'verifying' | 'done';
}

export interface FetchContext {
  source: ImageSource;
  reference: Reference;
  content: ContentSink;
  progress: (progress: BlobProgress) => void;
  signal?: AbortSignal | undefined;
  wait?: ((ms: number) => Promise<void>) | undefined;
}

const firstBackOffMs = 200;
/** Progress is told once a step, so that a fast disk is not slowed by telling. */
const progressStepBytes = 256 * 1024;

/** Makes sure that the blob is in the content store. Errors: of the source; dataLoss when its bytes are wrong. */
export async function fetchBlob(
  context: FetchContext,
  descriptor: Descriptor,
  labels: Record<string, string>,
): Promise<void> {
  const { content } = context;
  if ((await content.stat(descriptor.digest)) !== undefined) return exists(context, descriptor, labels);
  const writer = await content.open(descriptor).catch(async (error) => {
    // Another pull has committed it between the two calls.
    if (error instanceof LabError && error.kind === 'alreadyExists') return undefined;
    throw error;
  });
  if (writer === undefined) return exists(context, descriptor, labels);
  const resumedAtBytes = writer.offset;
  const begin = monotonicNow();
  try {
    await copy(context, descriptor, writer);
    told(context, descriptor, 'verifying', descriptor.size);
    fetched(context, descriptor, { resumedAtBytes, durationMs: Number(monotonicNow() - begin) / 1e6 });
    await writer.commit(labels);
  } catch (error) {
    const { kind } = asLabError(error);
    // What is wrong is no start for another try, and on a full disk what is there is in everybody's way.
    await writer.close({ discard: kind === 'dataLoss' || isDiskFull(asLabError(error)) });
    throw error;
  }
  verified(context, descriptor);
}

async function exists(context: FetchContext, descriptor: Descriptor, labels: Record<string, string>): Promise<void> {
  await context.content.label(descriptor.digest, labels);
  told(context, descriptor, 'exists', descriptor.size);
  if (!isLayerType(descriptor.mediaType)) return;
  emit('containerd.layer-exists', { data: blobData(descriptor), ...sumTwin(context, descriptor) });
}

async function copy(context: FetchContext, descriptor: Descriptor, writer: BlobWriter): Promise<void> {
  let { offset } = writer;
  const tries = new Tries(offset, 'brought');
  while (offset < descriptor.size) {
    try {
      told(context, descriptor, 'fetching', offset);
      offset = await copyOnce(context, { descriptor, writer, offset }, (now) => {
        offset = now;
      });
      if (offset === descriptor.size) return;
      throw new LabError(
        'unavailable',
        `${context.source.name}: the connection ended after ${offset} of ${descriptor.size} bytes`,
      );
    } catch (error) {
      if (!isWorthAnotherTry(error)) throw error;
      const count = tries.failed(error, offset);
      told(context, descriptor, 'retrying', offset);
      await wait(context, firstBackOffMs * 2 ** (count - 1));
    }
  }
}

const wait = (context: FetchContext, ms: number): Promise<void> =>
  context.wait === undefined ? delay(ms, undefined, { signal: context.signal }) : context.wait(ms);

const isWorthAnotherTry = (error: unknown): error is LabError =>
  error instanceof LabError && error.kind === 'unavailable';

async function copyOnce(
  context: FetchContext,
  at: { descriptor: Descriptor; writer: BlobWriter; offset: number },
  reached: (offset: number) => void,
): Promise<number> {
  const { descriptor, writer } = at;
  let { offset } = at;
  let nextTold = offset + progressStepBytes;
  for await (const chunk of await context.source.blob(context.reference, descriptor, offset)) {
    if (offset + chunk.length > descriptor.size) {
      throw new LabError(
        'dataLoss',
        `blob ${descriptor.digest}: more than the ${descriptor.size} bytes that were promised`,
      );
    }
    await writer.write(chunk);
    offset += chunk.length;
    reached(offset);
    if (offset >= nextTold) {
      told(context, descriptor, 'fetching', offset);
      nextTold = offset + progressStepBytes;
    }
  }
  return offset;
}

function told(
  context: FetchContext,
  descriptor: Descriptor,
  status: BlobProgress['status'],
  offsetBytes: number,
): void {
  const { digest, mediaType, size } = descriptor;
  context.progress({ digest, mediaType, sizeBytes: size, offsetBytes, status });
}

const blobData = ({ digest, size, mediaType }: Descriptor) => ({ digest, sizeBytes: size, mediaType });

function fetched(
  context: FetchContext,
  descriptor: Descriptor,
  how: { resumedAtBytes: number; durationMs: number },
): void {
  if (!isLayerType(descriptor.mediaType)) return;
  emit('containerd.layer-fetched', {
    data: { ...blobData(descriptor), source: context.source.name, ...how },
    twin: context.source.twin(context.reference, descriptor),
  });
}

function verified(context: FetchContext, descriptor: Descriptor): void {
  told(context, descriptor, 'done', descriptor.size);
  if (!isLayerType(descriptor.mediaType)) return;
  emit('containerd.layer-verified', { data: blobData(descriptor), ...sumTwin(context, descriptor) });
}

/** `sha256sum` of the stored file, where the sink says which it is. */
function sumTwin(context: FetchContext, descriptor: Descriptor): { twin?: string } {
  const path = context.content.path?.(descriptor.digest);
  return path === undefined ? {} : { twin: `sha256sum ${path}` };
}
