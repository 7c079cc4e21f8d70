// What makes one snapshotter differ from another: how a new directory is filled, and how a snapshot is mounted.
import type { IdMapping } from './id-mapping.ts';
import type { Mount } from './mounts.ts';

export type SnapshotKind = 'active' | 'committed' | 'view';

export interface Surroundings {
  kind: SnapshotKind;
  /** The `fs` directories of the parents, nearest first. */
  parents: readonly string[];
  mapping: IdMapping | undefined;
}

export interface SnapshotterKind {
  /** As containerd's clients call it. */
  name: string;
  /** Of meta.db. */
  table: string;
  /** Below the stage's root. */
  folder: string;
  /** What a whiteout becomes: overlay's own mark, or the removal of what it hides. */
  whiteouts: 'overlay' | 'remove';
  /** Errors: notImplemented for what it cannot do. */
  check(request: { mapping: IdMapping | undefined }): void;
  /** Makes `<directory>/fs` and what else it needs. A failure leaves the directory to the caller. */
  fill(directory: string, surroundings: Surroundings): Promise<void> | void;
  mounts(directory: string, surroundings: Surroundings): Mount[];
  /** The directories below a writable one, topmost first, out of its mounts. */
  lowers(mounts: readonly Mount[]): string[];
}
