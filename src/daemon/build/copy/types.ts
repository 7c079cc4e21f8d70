// COPY and ADD in three steps: an instruction's words (copyOf) → what they name, with a checksum (resolveSources) → copied (copySources).
// Between the steps is only data, so that the solver can ask the cache after the second.
import type { Digest } from '../../../oci/digest.ts';

/** One COPY or ADD with its variables replaced. */
export interface CopyRequest {
  keyword: 'COPY' | 'ADD';
  /** Paths, patterns and, for ADD, URLs, in order. Heredocs stand in `inline`. */
  sources: readonly string[];
  /** Heredocs: files whose content the Dockerfile holds. */
  inline: ReadonlyArray<{ name: string; text: string }>;
  /** As written: a slash at its end matters. */
  destination: string;
  /** `name`, `uid`, `name:group`, `uid:gid`. */
  chown: string | undefined;
  /** Octal text. */
  chmod: string | undefined;
  link: boolean;
  /** Keeps the sources' parent directories (from a `/./` in the source on, when there is one). */
  parents: boolean;
  /** Patterns as in .dockerignore, relative to the source's root. */
  excludes: readonly string[];
  /** ADD of one URL: what its bytes must be. */
  checksum: Digest | undefined;
  /** ADD: undefined is Docker's default (local archives are extracted, downloaded ones not). */
  unpack: boolean | undefined;
}

export interface ResolveOptions {
  binaryFolder: string;
  /**
   * Whether the tree is the client's context: then .dockerignore holds, and owners do not count: files are root's.
   * Otherwise it is a stage or an image.
   */
  isContext: boolean;
  /** The rules of .dockerignore; a client that is not docker's may not have applied them. */
  ignored?: (path: string, isDirectory: boolean) => boolean;
  /** A download larger than this is refused. Default 10 GiB. */
  mostDownloadBytes?: number;
  signal?: AbortSignal;
}

/** One file, directory or link of a source. Paths hold bytes that are no UTF-8 as lone surrogates (paths.ts). */
export interface TreeEntry {
  /** Relative to the source's root, clean. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  /** Permission bits with setuid, setgid, sticky. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  /** Of a symlink: its target. */
  link: string;
  /** Of a device: `major:minor`. */
  device: string;
}

/** What one word of an instruction stands for; a pattern gives one for each match. */
export interface ResolvedSource {
  /** Host path of the tree that it lies in: the context, a mounted stage, a download, a heredoc's folder. */
  root: string;
  /** Where the thing really is below the root: symlinks of the word itself are followed inside the root. '' is the root. */
  path: string;
  /** Its name at the destination. */
  name: string;
  /** For --parents: the directories to keep, relative to the destination. '' otherwise. */
  parent: string;
  /** Where those directories are below the root; undefined when a symlink leads there: then they are made anew. */
  parentSource: string | undefined;
  /** Of --parents: what those directories are, where they look as in the source. */
  parentEntries?: readonly TreeEntry[];
  /** From the context, a heredoc or a download: what it is says nothing about owners. */
  isOwnedByRoot: boolean;
  isDirectory: boolean;
  /** The thing itself first (path ''), then what is in it, parents before children, without what is excluded; relative to `path`. */
  entries: readonly TreeEntry[];
  /** A local archive that ADD extracts. */
  isArchive: boolean;
}

export interface ResolvedSources {
  request: CopyRequest;
  sources: readonly ResolvedSource[];
  /** Of all that is copied and how: types, modes, names, link targets, contents, owners where they count; no times. The cache key's part. */
  checksum: Digest;
  /** Path in its tree → what stands for it in the checksum. */
  files: ReadonlyMap<string, string>;
  sizeBytes: number;
  /** Files, directories and links. */
  entries: number;
  /** Throws downloads and heredoc files away. Always call it. */
  release(): Promise<void>;
}

export interface CopyTarget {
  binaryFolder: string;
  /** Host path of the mounted root filesystem, writable. With --link an empty directory that becomes a layer of its own. */
  rootfs: string;
  /** The stage's WORKDIR: relative destinations start here. '' is '/'. */
  workdir: string;
  /** Where names of --chown are looked up (/etc/passwd, /etc/group); default `rootfs`. With --link, the stage's file system. */
  accounts?: string;
  /** SOURCE_DATE_EPOCH, seconds: no time is later than it. */
  newestTime?: number;
  signal?: AbortSignal;
}

export interface CopyResult {
  entries: number;
  bytes: number;
  /** Where the destination really is, below the rootfs. */
  destination: string;
}
