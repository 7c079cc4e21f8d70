// POST /images/{name}/push: asks containerd to transfer an image from the image store to its registry, in the lines that Docker's
// clients draw; without a tag, every tag of the repository.
import { LabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import type { TransferProgress } from '../../containerd/client.ts';
import { parsePlatform } from '../../oci/platform.ts';
import {
  familiarReference,
  familiarRepository,
  formatReference,
  parseName,
  type Reference,
  repositoryOf,
} from '../../oci/reference.ts';
import type { Engine } from '../engine.ts';
import type { PullProgress } from '../protocol.ts';
import { registryOptions } from './registry-options.ts';

export interface PushRequest {
  name: string;
  /** Empty: every tag. */
  tag: string;
  platform: string | undefined;
  registryAuth: string | undefined;
  report: (line: PullProgress) => void;
  signal: AbortSignal;
}

/** Errors: notFound for an image that is not here; of the registry client. */
export async function pushImage(engine: Engine, request: PushRequest): Promise<void> {
  const { name, tag, report } = request;
  const named = parseName(name);
  if (named.digest !== undefined) {
    throw new LabError('invalidArgument', `cannot push a digest reference: ${name}`, { hint: 'push it by its tag' });
  }
  const references = await toPush(engine, { ...named, tag: tag === '' ? named.tag : tag });
  report({ status: `The push refers to repository [${repositoryOf(named)}]` });
  for (const reference of references) await pushOne(engine, reference, request);
}

async function toPush(engine: Engine, wanted: Reference): Promise<Reference[]> {
  const stored = await engine.images.list();
  const prefix = `${repositoryOf(wanted)}:`;
  const names = stored.map((image) => image.reference);
  if (wanted.tag !== undefined) {
    if (names.includes(formatReference(wanted))) return [wanted];
    throw new LabError('notFound', `An image does not exist locally with the tag: ${familiarReference(wanted)}`, {
      hint: `tlab tag IMAGE ${familiarReference(wanted)}`,
    });
  }
  const all = names.filter((name) => name.startsWith(prefix)).map(parseName);
  if (all.length > 0) return all;
  throw new LabError('notFound', `An image does not exist locally with the tag: ${familiarRepository(wanted)}`);
}

async function pushOne(engine: Engine, reference: Reference, request: PushRequest): Promise<void> {
  const { report, platform, registryAuth, signal } = request;
  const { tag = '' } = reference;
  await engine.containerd.push({
    reference: formatReference(reference),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...registryOptions(engine),
    ...(registryAuth === undefined ? {} : { registryAuth }),
    signal,
    onProgress: (progress) => {
      for (const line of linesOf(progress, tag)) report(line);
    },
  });
  engine.events.publish('image', 'push', familiarReference(reference), { name: familiarRepository(reference) });
}

type PushStatus = Extract<TransferProgress, { kind: 'push' }>['status'];

/** @source docker push: the words that clients know */
const words: Readonly<Record<PushStatus, string>> = {
  preparing: 'Preparing',
  waiting: 'Waiting',
  pushing: 'Pushing',
  resuming: 'Resuming',
  there: 'Layer already exists',
  mounted: 'Mounted from',
  pushed: 'Pushed',
};

function linesOf(progress: TransferProgress, tag: string): PullProgress[] {
  if (progress.kind === 'notice') return [{ status: progress.text }];
  if (progress.kind === 'named') {
    const { digest, sizeBytes } = progress;
    const aux = { Tag: tag, Digest: digest, Size: sizeBytes };
    return [{ status: `${tag}: digest: ${digest} size: ${sizeBytes}` }, { progressDetail: {}, aux }];
  }
  if (progress.kind !== 'push') return [];
  const { digest, status, sizeBytes, offsetBytes, from } = progress;
  const isMoving = status === 'pushing' || status === 'resuming';
  return [
    {
      status: from === undefined ? words[status] : `${words[status]} ${from}`,
      id: shortId(digest),
      progressDetail: isMoving ? { current: offsetBytes, total: sizeBytes } : {},
      ...(isMoving ? { progress: `${megabytes(offsetBytes)}/${megabytes(sizeBytes)}` } : {}),
    },
  ];
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)}MB`;
