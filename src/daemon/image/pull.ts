// POST /images/create: asks containerd to transfer an image from its registry (or the offline library) into the image store,
// and tells how far it is in the lines that Docker's clients draw.

import { LabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import type { TransferProgress } from '../../containerd/client.ts';
import { isLayerType } from '../../oci/media-types.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { familiarReference, familiarRepository, formatReference, parseReference } from '../../oci/reference.ts';
import type { Engine } from '../engine.ts';
import type { PullProgress } from '../protocol.ts';
import { isNamedNow, keepUnnamed, targetOf } from './name.ts';
import { registryOptions } from './registry-options.ts';

export interface PullRequest {
  name: string;
  platform: string | undefined;
  /** X-Registry-Auth as it came. */
  registryAuth: string | undefined;
  report: (line: PullProgress) => void;
  signal: AbortSignal;
}

/** Errors: notFound, permissionDenied, unavailable, dataLoss, as the registry client says. */
export async function pullImage(engine: Engine, request: PullRequest): Promise<void> {
  const reference = parseReference(request.name);
  const canonical = formatReference(reference);
  const { report, platform, registryAuth, signal } = request;
  const before = await targetOf(engine, canonical);
  await engine.containerd.pull({
    reference: canonical,
    platform: platformOf(platform),
    snapshotter: engine.snapshotter,
    ...registryOptions(engine),
    ...(registryAuth === undefined ? {} : { registryAuth }),
    signal,
    onProgress(progress) {
      const line = lineOf(progress, reference.tag ?? '');
      if (line !== undefined) report(line);
    },
  });
  const after = await targetOf(engine, canonical);
  if (after === undefined)
    throw new LabError('internal', `pulling ${familiarReference(reference)}: the image is not in the store`);
  if (before !== undefined && before.digest !== after.digest) await keepUnnamed(engine, before);
  await isNamedNow(engine, after);
  report({ status: `Digest: ${after.digest}` });
  const shown =
    reference.digest === undefined
      ? familiarReference(reference)
      : `${familiarRepository(reference)}@${reference.digest}`;
  report({
    status: `Status: ${before?.digest === after.digest ? 'Image is up to date for' : 'Downloaded newer image for'} ${shown}`,
  });
  engine.events.publish('image', 'pull', familiarReference(reference), { name: familiarRepository(reference) });
}

function platformOf(asked: string | undefined): { os: string; architecture: string; variant?: string } {
  const { os, architecture, variant } = asked === undefined ? hostPlatform() : parsePlatform(asked);
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

type BlobStatus = Extract<TransferProgress, { kind: 'blob' }>['status'];

/** @source docker pull: the words that clients know */
const words: Readonly<Record<BlobStatus, string>> = {
  waiting: 'Waiting',
  exists: 'Already exists',
  fetching: 'Downloading',
  retrying: 'Retrying',
  verifying: 'Verifying Checksum',
  done: 'Download complete',
  unpacking: 'Extracting',
  unpacked: 'Pull complete',
};

/** Of blobs only layers have lines: manifests and configurations are small, and Docker is silent about them. */
function lineOf(progress: TransferProgress, tag: string): PullProgress | undefined {
  if (progress.kind === 'resolved') return { status: `Pulling from ${progress.source}`, id: tag };
  if (progress.kind === 'notice') return { status: progress.text };
  if (progress.kind !== 'blob' || !isLayerType(progress.mediaType)) return undefined;
  const { digest, status, sizeBytes, offsetBytes } = progress;
  const isMoving = status === 'fetching' || status === 'unpacking';
  return {
    status: words[status],
    id: shortId(digest),
    progressDetail: isMoving ? { current: offsetBytes, total: sizeBytes } : {},
    ...(isMoving ? { progress: `${megabytes(offsetBytes)}/${megabytes(sizeBytes)}` } : {}),
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)}MB`;
