// POST /images/create: asks containerd to transfer an image from its registry (or the offline library) into the image store.
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { LabError } from '../../base/errors.ts';
import { ImageStoreSchema, OCIRegistrySchema } from '../../containerd/proto/gen/transfer_types_pb.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { familiarReference, familiarRepository, formatReference, parseReference } from '../../oci/reference.ts';
import { type Engine, snapshotter } from '../engine.ts';
import type { PullProgress } from '../protocol.ts';

export interface PullRequest {
  name: string;
  platform: string | undefined;
  /** Headers for the registry, from X-Registry-Auth. */
  headers: Record<string, string>;
  report: (line: PullProgress) => void;
  signal: AbortSignal;
}

/** Errors: notFound, permissionDenied, unavailable, dataLoss, as the registry client says. */
export async function pullImage(engine: Engine, request: PullRequest): Promise<void> {
  const reference = parseReference(request.name);
  const canonical = formatReference(reference);
  const before = await targetOf(engine, canonical);
  const { report } = request;
  report({ status: `Pulling from ${reference.path}`, id: reference.tag ?? reference.digest ?? '' });
  const platform = request.platform === undefined ? hostPlatform() : parsePlatform(request.platform);
  const wanted = { os: platform.os, architecture: platform.architecture, variant: platform.variant ?? '' };
  await engine.containerd.transfer.transfer(
    {
      source: packed(OCIRegistrySchema, { reference: canonical, resolver: { headers: request.headers } }),
      destination: packed(ImageStoreSchema, {
        name: canonical,
        platforms: [wanted],
        unpacks: [{ platform: wanted, snapshotter }],
      }),
      options: { progressStream: '' },
    },
    { signal: request.signal },
  );
  const after = await targetOf(engine, canonical);
  if (after === undefined)
    throw new LabError('internal', `pulling ${familiarReference(reference)}: the image is not in the store`);
  report({ status: `Digest: ${after}` });
  const isNew = before !== after;
  const shown =
    reference.digest === undefined
      ? familiarReference(reference)
      : `${familiarRepository(reference)}@${reference.digest}`;
  report({ status: `Status: ${isNew ? 'Downloaded newer image for' : 'Image is up to date for'} ${shown}` });
  engine.events.publish('image', 'pull', familiarReference(reference), { name: familiarRepository(reference) });
}

/** @source containerd typeurl: messages of the transfer service are packed under their protobuf name */
function packed<T extends DescMessage>(schema: T, init: MessageInitShape<T>): { typeUrl: string; value: Uint8Array } {
  return { typeUrl: schema.typeName, value: toBinary(schema, create(schema, init)) };
}

async function targetOf(engine: Engine, name: string): Promise<string | undefined> {
  try {
    return (await engine.containerd.images.get({ name })).image?.target?.digest;
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return undefined;
    throw error;
  }
}
