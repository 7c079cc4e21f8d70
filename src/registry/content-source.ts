// Where pushed blobs come from: the content store, seen from the pusher. containerd's stage implements it.
import type { Digest } from '../oci/digest.ts';

export interface ContentSource {
  /** The blob's size and labels, or undefined when it is not there. */
  stat(digest: Digest): Promise<{ size: number; labels: Readonly<Record<string, string>> } | undefined>;
  /** A small blob (index, manifest, config) as bytes. Errors: notFound. */
  read(digest: Digest): Promise<Uint8Array>;
  /** The bytes from `offset` on, `length` of them. */
  stream(digest: Digest, range: { offset: number; length: number }): AsyncIterable<Uint8Array>;
  /** Where the blob's file is, for the twin commands of the trace. */
  path?(digest: Digest): string;
  label(digest: Digest, labels: Record<string, string>): Promise<void>;
}

/** On a blob: repositories of one registry that have it, `library/nginx,team/app`. @source containerd docs/content-flow.md */
export const sourceLabel = (domain: string): string => `containerd.io/distribution.source.${domain}`;
