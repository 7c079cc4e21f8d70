// A place that has images: a registry host, or a folder with OCI layouts. The puller asks one after the other.
import type { Descriptor } from '../oci/image.ts';
import type { Reference } from '../oci/reference.ts';

/** An index or a manifest, and its verified bytes. */
export interface ResolvedDocument {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export interface ImageSource {
  kind: 'registry' | 'library';
  /** A mirror's "no" lets the next place try. */
  isMirror?: boolean;
  /** For people: the host, or `offline library`. */
  name: string;
  /** What the reference stands for here. Errors: notFound, permissionDenied, unavailable, resourceExhausted, dataLoss. */
  resolve(reference: Reference): Promise<ResolvedDocument>;
  /** A manifest by digest, verified. Errors: as resolve. */
  document(reference: Reference, descriptor: Descriptor): Promise<Uint8Array>;
  /**
   * The blob's bytes from `offset` on, not verified. Errors: as resolve; the stream may throw in the middle, and
   * the caller then asks again with the offset that it has reached.
   */
  blob(reference: Reference, descriptor: Descriptor, offset: number): Promise<AsyncIterable<Uint8Array>>;
  /** The command that a person would fetch this blob with. */
  twin(reference: Reference, descriptor: Descriptor): string;
  /** Lets go of connections. */
  close(): void;
}
