// The garbage collector: removes blobs and committed snapshots that nothing refers to. Roots: images, leases, containers, what is
// labelled gc.root, and every active snapshot or view but those of unpackers that were interrupted. References: labels
// containerd.io/gc.ref.*, parents, and for safety what manifests and indexes themselves name.
// Rule: in doubt a thing stays. @source containerd docs/garbage-collection.md
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { asLabError } from '../../base/errors.ts';
import { isDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { BlobInfo, ContentStore } from '../content/store.ts';
import type { Containers } from '../metadata/containers.ts';
import type { Database } from '../metadata/database.ts';
import type { Images } from '../metadata/images.ts';
import type { Labels } from '../metadata/labels.ts';
import type { Leases } from '../metadata/leases.ts';
import type { OverlaySnapshots } from '../snapshot/overlay.ts';

export interface Collected {
  blobs: number;
  snapshots: number;
}

export interface CollectorParts {
  database: Database;
  content: ContentStore;
  snapshots: OverlaySnapshots;
  images: Images;
  containers: Containers;
  leases: Leases;
}

/** `content <digest>` or `snapshot <key>`: a thing in one namespace. */
type Node = `content ${string}` | `snapshot ${string}`;

const rootLabel = 'containerd.io/gc.root';
const referenceLabel = /^containerd\.io\/gc\.ref\.(content|snapshot)(?:\.|$)/;
/** Keys of unpackers' working snapshots: theirs to keep by a lease. @source containerd pkg/unpack */
const unpackKey = /^extract-/;
/** Larger blobs are no manifests. */
const largestManifestBytes = 4 << 20;

const descriptorSchema = v.object({ digest: v.string() });
const documentSchema = v.object({
  manifests: v.optional(v.array(descriptorSchema)),
  config: v.optional(descriptorSchema),
  layers: v.optional(v.array(descriptorSchema)),
});

/** Removes what is not reachable, in every namespace. Synchronous, so that nothing changes under it. */
export function collectGarbage(parts: CollectorParts): Collected {
  parts.leases.expire();
  const collected: Collected = { blobs: 0, snapshots: 0 };
  for (const { name } of parts.database.all<{ name: string }>('SELECT name FROM namespaces')) {
    const one = collectNamespace(parts, name);
    collected.blobs += one.blobs;
    collected.snapshots += one.snapshots;
  }
  if (collected.blobs + collected.snapshots > 0) {
    emit('containerd.garbage-collected', { data: collected, cause: 'default:engine-housekeeping' });
  }
  return collected;
}

function collectNamespace(parts: CollectorParts, namespace: string): Collected {
  const blobs = new Map(parts.content.list(namespace).map((blob) => [blob.digest as string, blob.labels]));
  const snapshots = new Map(parts.snapshots.list(namespace).map((snapshot) => [snapshot.key, snapshot]));
  const seen = new Set<Node>();
  const waiting: Node[] = roots(parts, namespace);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const name = node.slice(node.indexOf(' ') + 1);
    if (node.startsWith('content ')) {
      const labels = blobs.get(name);
      if (labels !== undefined) waiting.push(...labelled(labels), ...named(parts.content, name));
    } else {
      const snapshot = snapshots.get(name);
      if (snapshot === undefined) continue;
      waiting.push(...labelled(snapshot.labels));
      if (snapshot.parent !== '') waiting.push(`snapshot ${snapshot.parent}`);
    }
  }
  return sweep(parts, namespace, seen);
}

function roots(parts: CollectorParts, namespace: string): Node[] {
  const { content, snapshots, images, containers, leases } = parts;
  return [
    ...images
      .list(namespace)
      .flatMap(({ target, labels }): Node[] => [`content ${target.digest}`, ...labelled(labels)]),
    ...containers
      .list(namespace)
      .flatMap(({ snapshotKey, labels }): Node[] => [`snapshot ${snapshotKey}`, ...labelled(labels)]),
    ...leases.list(namespace).flatMap(({ id }) => leases.resources(namespace, id).map(nodeOfResource)),
    ...content
      .list(namespace)
      .filter(({ labels }) => rootLabel in labels)
      .map(({ digest }): Node => `content ${digest}`),
    ...snapshots
      .list(namespace)
      .filter(({ key, kind, labels }) => rootLabel in labels || (kind !== 'committed' && !unpackKey.test(key)))
      .map(({ key }): Node => `snapshot ${key}`),
  ];
}

const nodeOfResource = ({ type, id }: { type: string; id: string }): Node =>
  type.startsWith('snapshots/') ? `snapshot ${id}` : `content ${id}`;

const labelled = (labels: Labels): Node[] =>
  Object.entries(labels).flatMap(([key, value]): Node[] => {
    const kind = referenceLabel.exec(key)?.[1];
    if (kind === undefined) return [];
    return [kind === 'content' ? `content ${value}` : `snapshot ${value}`];
  });

/** What a manifest or an index names; nothing for any other blob. */
function named(content: ContentStore, digest: string): Node[] {
  if (!isDigest(digest)) return [];
  const path = content.pathOf(digest);
  if (!existsSync(path) || statSync(path).size > largestManifestBytes) return [];
  const bytes = readFileSync(path);
  if (bytes[0] !== 0x7b) return [];
  try {
    const { manifests = [], config, layers = [] } = v.parse(documentSchema, JSON.parse(bytes.toString()));
    return [...manifests, ...(config === undefined ? [] : [config]), ...layers].map(
      (named): Node => `content ${named.digest}`,
    );
  } catch {
    return [];
  }
}

/** One commit for so many: ten thousand commits would hold up everybody else for seconds. */
const batchBlobs = 500;

/** On a full disk one by one, since only a DELETE of its own may use the database's reserve. */
function removeBlobs({ database, content }: CollectorParts, namespace: string, blobs: readonly BlobInfo[]): void {
  const remove = (): void => {
    for (const { digest } of blobs) content.delete(namespace, digest);
  };
  try {
    database.transaction(remove);
  } catch (error) {
    if (asLabError(error).kind !== 'resourceExhausted') throw error;
    remove();
  }
}

function sweep(parts: CollectorParts, namespace: string, seen: ReadonlySet<Node>): Collected {
  const deadBlobs = parts.content.list(namespace).filter(({ digest }) => !seen.has(`content ${digest}`));
  for (let at = 0; at < deadBlobs.length; at += batchBlobs) {
    const batch = deadBlobs.slice(at, at + batchBlobs);
    removeBlobs(parts, namespace, batch);
  }
  // Newest first: a child is always newer than its parent.
  const deadSnapshots = parts.snapshots
    .list(namespace)
    .filter(({ key }) => !seen.has(`snapshot ${key}`))
    .reverse();
  for (const { key } of deadSnapshots) parts.snapshots.remove(namespace, key);
  return { blobs: deadBlobs.length, snapshots: deadSnapshots.length };
}
