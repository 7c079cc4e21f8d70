// What a build context is to the rest of the builder: a private directory on this disk, made from the client's tar, that goes away.
// Rule: nothing of a context is ever in memory as a whole, and every name in it is looked up beneath its root.
import type { Digest } from '../../../oci/digest.ts';

/** Bounds of one context; what is beyond them ends the build with resourceExhausted and leaves nothing. */
export interface ContextLimits {
  /** Of the tar, after decompression. Default 32 GiB. */
  mostBytes?: number;
  /** Default 2,000,000. */
  mostEntries?: number;
}

export interface ContextOptions {
  /** Folder of the native programs (tlab-unpack, tlab-copy). */
  binaryFolder: string;
  /** Ends the unpacking and removes what was made: the client went away, or the build was cancelled. */
  signal?: AbortSignal;
  limits?: ContextLimits;
}

/** A context on disk. Owned by the build that received it, which calls `remove()` in the end, also after a failure. */
export interface BuildContext {
  /** Its directory on the host, mode 0700 above it; give it to `resolveSources` as a root. */
  root: string;
  /** Entries of the tar. */
  entries: number;
  /** Bytes that the client sent, and bytes of the tar in them. */
  sentBytes: number;
  tarBytes: number;
  /** Of the tar. Not a cache key: that comes from the files that are used. */
  digest: Digest;
  /** Regular files of the context as text, symlinks followed inside of it: the Dockerfile, .dockerignore. Undefined where there is none. */
  readTexts(paths: readonly string[]): Promise<Array<string | undefined>>;
  /** Removes the directory; safe to call twice. */
  remove(): Promise<void>;
}
