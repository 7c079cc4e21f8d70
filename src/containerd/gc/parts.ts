// What a collection looks at.
import type { ContentStore } from '../content/store.ts';
import type { Containers } from '../metadata/containers.ts';
import type { Database } from '../metadata/database.ts';
import type { Images } from '../metadata/images.ts';
import type { Leases } from '../metadata/leases.ts';
import type { Snapshots } from '../snapshot/snapshots.ts';

export interface CollectorParts {
  database: Database;
  content: ContentStore;
  /** By the name of the snapshotter. */
  snapshots: ReadonlyMap<string, Snapshots>;
  images: Images;
  containers: Containers;
  leases: Leases;
}
