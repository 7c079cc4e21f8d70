// A content sink in memory, for tests: visible only after commit, and commit verifies, as the contract says.
import { LabError } from '../../src/base/errors.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { BlobWriter, ContentSink } from '../../src/registry/content-sink.ts';

export class MemoryContent implements ContentSink {
  readonly blobs = new Map<Digest, Buffer>();
  readonly labels = new Map<Digest, Record<string, string>>();
  /** What interrupted writers left. */
  readonly partial = new Map<Digest, Buffer>();

  async stat(digest: Digest): Promise<{ size: number } | undefined> {
    const blob = this.blobs.get(digest);
    return blob === undefined ? undefined : { size: blob.length };
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const blob = this.blobs.get(digest);
    if (blob === undefined) throw new LabError('notFound', `blob ${digest}`);
    return blob;
  }

  async label(digest: Digest, labels: Record<string, string>): Promise<void> {
    this.labels.set(digest, { ...this.labels.get(digest), ...labels });
  }

  async open({ digest, size }: { digest: Digest; size: number }): Promise<BlobWriter> {
    if (this.blobs.has(digest)) throw new LabError('alreadyExists', `blob ${digest}`);
    let bytes = this.partial.get(digest) ?? Buffer.alloc(0);
    return {
      offset: bytes.length,
      write: async (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
      },
      commit: async (labels = {}) => {
        if (bytes.length !== size || digestOf(bytes) !== digest)
          throw new LabError('dataLoss', `blob ${digest} is wrong`);
        this.blobs.set(digest, bytes);
        this.partial.delete(digest);
        await this.label(digest, labels);
      },
      close: async ({ discard = false } = {}) => {
        if (discard) this.partial.delete(digest);
        else this.partial.set(digest, bytes);
      },
    };
  }
}
