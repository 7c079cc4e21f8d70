// What the containerd stage is made of, and in which order it is put together and taken apart. server.ts gives it its doors.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Ingests } from './content/ingest.ts';
import { ContentStore } from './content/store.ts';
import { Exchange } from './events/exchange.ts';
import { type Collected, collectGarbage } from './gc/collect.ts';
import { Containers } from './metadata/containers.ts';
import { type Database, openDatabase } from './metadata/database.ts';
import { Images } from './metadata/images.ts';
import { Leases } from './metadata/leases.ts';
import { Namespaces } from './metadata/namespaces.ts';
import { OverlaySnapshots } from './snapshot/overlay.ts';
import { Tasks } from './task/tasks.ts';

export interface Settings {
  /** gRPC socket; the ttrpc one for shims is the same path plus `.ttrpc`. */
  address: string;
  /** What outlives a reboot: blobs, snapshots, meta.db. */
  root: string;
  /** What does not: bundles. */
  state: string;
  /** Program that shims may call to publish. */
  publishBinary: string;
  /** Our native programs. */
  binaryFolder: string;
}

export interface Stage {
  readonly settings: Settings;
  readonly uuid: string;
  readonly database: Database;
  readonly namespaces: Namespaces;
  readonly images: Images;
  readonly containers: Containers;
  readonly leases: Leases;
  readonly content: ContentStore;
  readonly ingests: Ingests;
  readonly snapshots: OverlaySnapshots;
  readonly exchange: Exchange;
  readonly tasks: Tasks;
  collectGarbage(): Promise<Collected>;
  close(): void;
}

/** Opens the stores, cleans up what a crash left, takes up running tasks. Release: close(). */
export async function openStage(settings: Settings): Promise<Stage> {
  const database = openDatabase(settings.root);
  const exchange = new Exchange();
  const content = new ContentStore(settings.root, database);
  const parts = {
    database,
    content,
    snapshots: new OverlaySnapshots(settings.root, database),
    images: new Images(database),
    containers: new Containers(database),
    leases: new Leases(database),
  };
  const ingests = new Ingests(content);
  const tasks = new Tasks(settings.state, settings, exchange);
  content.sweep();
  ingests.sweep();
  parts.snapshots.sweep();
  collectGarbage(parts);
  await tasks.adopt();
  return {
    settings,
    uuid: identity(settings.root),
    ...parts,
    namespaces: new Namespaces(database),
    ingests,
    exchange,
    tasks,
    collectGarbage: async () => collectGarbage(parts),
    close() {
      tasks.close();
      database.close();
    },
  };
}

/** This installation's UUID, made once. @source containerd introspection.v1 Server */
function identity(root: string): string {
  const path = `${root}/uuid`;
  if (!existsSync(path)) writeFileSync(path, randomUUID(), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}
