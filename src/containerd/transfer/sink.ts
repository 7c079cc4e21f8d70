// The content store as a pull sees it: one namespace, everything held by the pull's lease.
import { asLabError } from '../../base/errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import type { BlobWriter, ContentSink } from '../../registry/content-sink.ts';
import type { Ingest, Ingests } from '../content/ingest.ts';
import type { ContentStore } from '../content/store.ts';
import type { Leases } from '../metadata/leases.ts';

export interface SinkParts {
  content: ContentStore;
  ingests: Ingests;
  leases: Leases;
  namespace: string;
  lease: string;
}

export function contentSink(parts: SinkParts): ContentSink {
  const { content, namespace } = parts;
  return {
    async stat(digest) {
      if (!content.has(namespace, digest) && content.isOnDisk(digest)) content.claim(namespace, digest, {});
      if (!content.has(namespace, digest)) return undefined;
      hold(parts, digest);
      return { size: content.info(namespace, digest).size };
    },
    read: (digest) => content.readAll(namespace, digest),
    open: (blob) => openWriter(parts, blob),
    async label(digest, labels) {
      const paths = Object.keys(labels).map((key) => `labels.${key}`);
      if (paths.length > 0) content.update(namespace, { digest, labels, mask: paths });
    },
    path: content.pathOf,
  };
}

const hold = ({ leases, namespace, lease }: SinkParts, digest: string): void =>
  leases.hold(namespace, lease, { type: 'content', id: digest });

/** @source containerd remotes/handlers.go MakeRefKey: clients know these prefixes */
const referenceOf = (digest: string, mediaType: string): string => {
  if (mediaType.includes('manifest.list') || mediaType.includes('image.index')) return `index-${digest}`;
  if (mediaType.includes('manifest')) return `manifest-${digest}`;
  return `${mediaType.includes('config') ? 'config' : 'layer'}-${digest}`;
};

async function openWriter(
  parts: SinkParts,
  blob: { digest: string; size: number; mediaType: string },
): Promise<BlobWriter> {
  const ref = referenceOf(blob.digest, blob.mediaType);
  for (;;) {
    try {
      const ingest = await parts.ingests.open(parts.namespace, {
        ref,
        total: blob.size,
        expected: blob.digest,
        hold: (digest) => hold(parts, digest),
      });
      return writerOf(parts, ingest, blob);
    } catch (error) {
      // Another pull has the same blob under way: when it is done the blob is here, or ours to go on with.
      if (asLabError(error).kind !== 'unavailable') throw error;
      await parts.ingests.released(parts.namespace, ref);
    }
  }
}

function writerOf(parts: SinkParts, ingest: Ingest, blob: { digest: string; size: number }): BlobWriter {
  return {
    get offset() {
      return ingest.offset;
    },
    write: (chunk) => ingest.write(chunk),
    async commit(labels = {}) {
      const expected = parseDigest(blob.digest);
      await ingest.commit({ total: blob.size, expected, labels, hold: (digest) => hold(parts, digest) });
    },
    close: (options) => ingest.close(options),
  };
}
