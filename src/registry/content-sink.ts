// Where pulled blobs go: the content store, seen from the puller. containerd's stage implements it.
// Rule: a blob is visible under its digest only after commit, and commit verifies digest and size.
import type { Digest } from '../oci/digest.ts';

/** A blob that is being written. Exactly one of commit and close ends it. */
export interface BlobWriter {
  /** Bytes of an earlier, interrupted write of the same blob that are already here; writing goes on after them. */
  readonly offset: number;
  /** Appends; resolves when more may be written. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes the blob visible. Committing a blob that another writer has committed meanwhile succeeds.
   * Errors: dataLoss when digest or size differ; the bytes are then thrown away.
   */
  commit(labels?: Record<string, string>): Promise<void>;
  /** Stops; with `discard` the bytes go too, otherwise a later writer may go on from them. */
  close(options?: { discard?: boolean }): Promise<void>;
}

export interface ContentSink {
  /** The blob's size, or undefined when it is not there. */
  stat(digest: Digest): Promise<{ size: number } | undefined>;
  /** A small blob (index, manifest, config) as bytes. Errors: notFound. */
  read(digest: Digest): Promise<Uint8Array>;
  /** Errors: alreadyExists when the blob is there. */
  open(blob: { digest: Digest; size: number; mediaType: string }): Promise<BlobWriter>;
  /** Where the blob's file is, for the twin commands of the trace; nothing is read through it. */
  path?(digest: Digest): string;
  /** Adds labels to a blob that is there: keeps it from the garbage collector. */
  label(digest: Digest, labels: Record<string, string>): Promise<void>;
}
