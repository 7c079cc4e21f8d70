// Images that the daemon makes itself: documents into the content store, names onto them.
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import type { ContainerdClient } from '../../containerd/client.ts';
import { WriteAction } from '../../containerd/proto/gen/content_pb.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Engine } from '../engine.ts';
import { keepUnnamed, setName } from './name.ts';
import { familiarName } from './store.ts';

export interface SmallBlob {
  bytes: Uint8Array;
  labels: Record<string, string>;
  /** Holds the blob until something refers to it. */
  lease: string;
}

/** A document into the content store; one that is there already gets the labels that it does not have. The digest. */
export async function writeBlob(containerd: Services, { bytes, labels, lease }: SmallBlob): Promise<Digest> {
  const digest = digestOf(bytes);
  if (await isThere(containerd, { digest, labels, lease })) return digest;
  const call = containerd.content.write({ lease });
  const total = BigInt(bytes.length);
  // Of its own: the same document may be on its way from elsewhere, and a reference has one writer.
  const ref = `document-${newContainerId().slice(0, 20)}`;
  const message = { ref, total, expected: digest, offset: 0n, data: bytes, labels };
  try {
    await call.send({ action: WriteAction.COMMIT, ...message });
    call.end();
    for await (const _answer of call);
  } catch (error) {
    // Somebody else wrote it meanwhile.
    const isWritten = error instanceof LabError && error.kind === 'alreadyExists';
    if (!isWritten || !(await isThere(containerd, { digest, labels, lease }))) throw error;
  }
  return digest;
}

type Services = Pick<ContainerdClient, 'content' | 'leases'>;

/** Held first, looked at then: what goes in between would be missed. */
async function isThere(
  { content, leases }: Services,
  { digest, labels, lease }: { digest: Digest; labels: SmallBlob['labels']; lease: string },
): Promise<boolean> {
  await leases.addResource({ id: lease, resource: { type: 'content', id: digest } });
  try {
    const { info } = await content.info({ digest });
    const missing = Object.keys(labels).filter((key) => info?.labels[key] !== labels[key]);
    const paths = missing.map((key) => `labels.${key}`);
    if (paths.length > 0) await content.update({ info: { digest, labels }, updateMask: { paths } });
    return true;
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return false;
    throw error;
  }
}

export interface NamedTarget {
  target: { mediaType: string; digest: Digest; size: number };
  /** Canonical references; none: it is dangling. */
  names: readonly string[];
  /** Digest of the configuration. */
  id: Digest;
}

/** Names an image; what had one of the names before and has no other becomes dangling. */
export async function nameImage(engine: Engine, { target, names, id }: NamedTarget): Promise<void> {
  if (names.length === 0) await keepUnnamed(engine, target);
  for (const name of names) {
    await setName(engine, name, target);
    engine.events.publish('image', 'tag', id, { name: familiarName(name) });
  }
}
