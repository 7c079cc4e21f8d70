// What the containerd stage is made of, and in which order it is put together and taken apart. server.ts gives it its doors.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Ingests } from './content/ingest.ts';
import { ContentStore } from './content/store.ts';
import type { Unpacker, UnpackLimits } from './diff/apply.ts';
import { Exchange } from './events/exchange.ts';
import { type Collected, Collector } from './gc/collect.ts';
import { Expiry } from './gc/expiry.ts';
import { Containers } from './metadata/containers.ts';
import { type Database, openDatabase } from './metadata/database.ts';
import { Images } from './metadata/images.ts';
import { Leases } from './metadata/leases.ts';
import { Namespaces } from './metadata/namespaces.ts';
import type { Snapshots } from './snapshot/snapshots.ts';
import { openSnapshotters } from './snapshot/snapshotters.ts';
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
  /** Of every layer that is unpacked. */
  unpackLimits?: UnpackLimits;
}

export const unpackerOf = ({ binaryFolder, unpackLimits = {} }: Settings): Unpacker => ({
  path: `${binaryFolder}/tlab-unpack`,
  limits: unpackLimits,
});

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
  /** By name: see `snapshotterOf`. */
  readonly snapshotters: ReadonlyMap<string, Snapshots>;
  readonly exchange: Exchange;
  readonly tasks: Tasks;
  readonly expiry: Expiry;
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
    snapshots: openSnapshotters(settings.root, database),
    images: new Images(database),
    containers: new Containers(database),
    leases: new Leases(database),
  };
  const ingests = new Ingests(content);
  const tasks = new Tasks(settings.state, settings, exchange);
  content.sweep();
  ingests.sweep();
  for (const snapshots of parts.snapshots.values()) await snapshots.sweep();
  parts.leases.endOwn();
  const collector = new Collector(parts);
  const expiry = new Expiry(parts.leases, () => collector.collect());
  await collector.collect();
  expiry.watch();
  await tasks.adopt();
  return {
    settings,
    uuid: identity(settings.root),
    ...parts,
    snapshotters: parts.snapshots,
    namespaces: new Namespaces(database),
    ingests,
    exchange,
    tasks,
    expiry,
    collectGarbage: () => collector.collect(),
    close() {
      expiry.stop();
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
