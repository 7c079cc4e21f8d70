// Images that the daemon makes itself: documents into the content store, names onto them.
import { type ErrorKind, LabError } from '../../base/errors.ts';
import type { ContainerdClient } from '../../containerd/client.ts';
import { WriteAction } from '../../containerd/proto/gen/content_pb.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Engine } from '../engine.ts';
import { familiarName } from './store.ts';

export interface SmallBlob {
  bytes: Uint8Array;
  labels: Record<string, string>;
  /** Holds the blob until something refers to it. */
  lease: string;
}

/** A document into the content store; one that is there already gets the labels. The digest. */
export async function writeBlob(
  { content, leases }: ContainerdClient,
  { bytes, labels, lease }: SmallBlob,
): Promise<Digest> {
  const digest = digestOf(bytes);
  const call = content.write({ lease });
  const total = BigInt(bytes.length);
  const message = { ref: `document-${digest}`, total, expected: digest, offset: 0n, data: bytes, labels };
  try {
    await call.send({ action: WriteAction.COMMIT, ...message });
    call.end();
    for await (const _answer of call);
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'alreadyExists') throw error;
    await leases.addResource({ id: lease, resource: { type: 'content', id: digest } });
    const paths = Object.keys(labels).map((key) => `labels.${key}`);
    if (paths.length > 0) await content.update({ info: { digest, labels }, updateMask: { paths } });
  }
  return digest;
}

/** An image without a name has this one: it is not shown as a tag, and keeps what it names. @source docker containerd image store: moby-dangling */
export const danglingName = (target: Digest): string => `docker.io/library/moby-dangling@${target}`;

export interface NamedTarget {
  target: { mediaType: string; digest: Digest; size: number };
  /** Canonical references; none: it is dangling. */
  names: readonly string[];
  /** Digest of the configuration. */
  id: Digest;
}

/** Names an image; what had one of the names before and has no other becomes dangling. */
export async function nameImage(engine: Engine, { target, names, id }: NamedTarget): Promise<void> {
  const { images } = engine.containerd;
  const dangling = danglingName(target.digest);
  const wire = { mediaType: target.mediaType, digest: target.digest, size: BigInt(target.size), annotations: {} };
  if (names.length === 0 && (await isNamed(engine, target.digest))) return;
  for (const name of names.length > 0 ? names : [dangling]) {
    await keepFormer(engine, name, target.digest);
    const image = { name, target: wire, labels: {} };
    await tolerating('alreadyExists', images.create({ image }), () => images.update({ image }));
    if (names.length > 0) engine.events.publish('image', 'tag', id, { name: familiarName(name) });
  }
  if (names.length > 0) await tolerating('notFound', images.delete({ name: dangling }));
}

const isNamed = async ({ containerd: { images } }: Engine, digest: Digest): Promise<boolean> =>
  (await images.list({ filters: [] })).images.some(({ target }) => target?.digest === digest);

async function keepFormer({ containerd: { images } }: Engine, name: string, next: Digest): Promise<void> {
  const { images: all } = await images.list({ filters: [] });
  const former = all.find((image) => image.name === name)?.target;
  if (former === undefined || former.digest === next) return;
  const isNamedElsewhere = all.some((image) => image.name !== name && image.target?.digest === former.digest);
  if (isNamedElsewhere) return;
  const image = { name: danglingName(former.digest as Digest), target: former, labels: {} };
  await tolerating('alreadyExists', images.create({ image }));
}

async function tolerating(kind: ErrorKind, call: Promise<unknown>, instead?: () => Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== kind) throw error;
    await instead?.();
  }
}
