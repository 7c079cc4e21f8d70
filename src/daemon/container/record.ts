// What the daemon remembers of a container: one small JSON file each, written beside and renamed, so that kill -9 leaves
// the old one or the new one and never half of one. Parsed by a schema when it is read back.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { type RunConfig, runConfigSchema } from '../../oci/image.ts';
import type { Sandbox } from '../network/networking.ts';
import type { ContainerStatus } from '../protocol.ts';
import type { ContainerConfig } from '../schema/create.ts';
import type { HostConfig } from '../schema/host-config.ts';
import type { ResolvedMount } from '../spec/input.ts';
import type { Remap } from '../userns.ts';

/** Go's zero time: it never happened. */
export const never = '0001-01-01T00:00:00Z';

export interface Lifecycle {
  status: ContainerStatus;
  pid: number;
  exitCode: number;
  error: string;
  startedAt: string;
  finishedAt: string;
  isOomKilled: boolean;
  /** A person has told it to end since it started: restart policies leave it alone. */
  isStoppedByUser: boolean;
}

export interface ContainerRecord {
  version: 1;
  id: string;
  name: string;
  created: string;
  image: {
    /** As the person wrote it. */
    name: string;
    /** Canonical reference in the image store. */
    reference: string;
    /** Digest of the image's configuration: what Docker calls the image's id. */
    id: string;
    /** Topmost snapshot. */
    chainId: string;
    config: RunConfig;
  };
  config: ContainerConfig;
  host: HostConfig;
  mounts: ResolvedMount[];
  /** Volumes made for this container alone. */
  anonymousVolumes: string[];
  path: string;
  args: string[];
  runtime: string;
  lifecycle: Lifecycle;
  restartCount: number;
  sandbox?: Sandbox | undefined;
  /** Maps of its user namespace; undefined: the host's ids. */
  remap?: Remap | undefined;
  /** Where its files are; undefined in records from before there was a choice. */
  snapshotter?: string | undefined;
}

/** The container's snapshot, as containerd is asked for it: daemon.json may name another snapshotter since it was made. */
export const snapshotOf = ({
  id,
  snapshotter = 'overlayfs',
}: ContainerRecord): { snapshotter: string; key: string } => ({
  snapshotter,
  key: id,
});

/** Only what the engine could not go on without; the rest is our own writing. */
const recordSchema = v.looseObject({
  version: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  name: v.string(),
  image: v.looseObject({ id: v.string(), reference: v.string(), config: runConfigSchema }),
  config: v.looseObject({ Image: v.string() }),
  host: v.looseObject({}),
  snapshotter: v.optional(v.string()),
  lifecycle: v.looseObject({ status: v.string(), pid: v.number() }),
});

const fileOf = (folder: string): string => `${folder}/container.json`;

export function saveRecord(folder: string, record: ContainerRecord): void {
  const temporary = `${fileOf(folder)}.new`;
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
  renameSync(temporary, fileOf(folder));
}

export interface LoadedRecords {
  records: ContainerRecord[];
  /** Folders without a record: half-made containers. */
  halfMade: string[];
  /** Records that somebody else has damaged: nothing of theirs is touched. */
  damaged: { id: string; reason: string }[];
}

/** Every record under the containers' folder. */
export function loadRecords(containers: string): LoadedRecords {
  mkdirSync(containers, { recursive: true, mode: 0o710 });
  const loaded: LoadedRecords = { records: [], halfMade: [], damaged: [] };
  for (const id of readdirSync(containers)) {
    try {
      loaded.records.push(readRecord(`${containers}/${id}`, id));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') loaded.halfMade.push(id);
      else loaded.damaged.push({ id, reason: message.replace(/\s+/g, ' ') });
    }
  }
  return loaded;
}

function readRecord(folder: string, id: string): ContainerRecord {
  const value: unknown = JSON.parse(readFileSync(fileOf(folder), 'utf8'));
  const record = v.parse(recordSchema, value);
  // Paths are made from the id.
  if (record.id !== id) throw new Error(`its id is ${record.id}`);
  return record as unknown as ContainerRecord;
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
