// The overlayfs snapshotter: a snapshot is a directory `snapshots/<n>/fs` (and `work` while it is active), stacked by overlay mounts
// that the shim makes. active: may be written; committed: read-only, may be a parent; view: read-only look at a parent.
// Rules: a parent is always committed; what has children is never removed; directory names are numbers, so that the options of a
// mount of many layers stay below one page. @source kernel-doc overlayfs; containerd snapshots/overlay
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import { emit } from '../../trace/recorder.ts';
import type { Database } from '../metadata/database.ts';
import { type Fields, fieldsOf } from '../metadata/filter.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from '../metadata/labels.ts';
import { hostId, type IdMapping, idMappingOf, mappingOptions } from './id-mapping.ts';
import { type Mount, mountCommand } from './mounts.ts';
import { diskUsage, type Usage } from './usage.ts';

export type SnapshotKind = 'active' | 'committed' | 'view';

export interface SnapshotInfo {
  id: number;
  key: string;
  parent: string;
  kind: SnapshotKind;
  labels: Labels;
  createdMs: number;
  updatedMs: number;
}

interface Row {
  id: number;
  key: string;
  parent: string;
  kind: SnapshotKind;
  labels: string;
  size: number | null;
  inodes: number | null;
  created: number;
  updated: number;
}

const infoOf = (row: Row): SnapshotInfo => ({
  id: row.id,
  key: row.key,
  parent: row.parent,
  kind: row.kind,
  labels: readLabels(row.labels),
  createdMs: row.created,
  updatedMs: row.updated,
});

/** On every committed snapshot: bytes of its files, as Docker's clients are shown them. */
const fileBytesLabel = 'io.tlab/file-bytes';
const longestKey = 4096;
/** Layers that one overlay mount takes. @source kernel fs/overlayfs/params.h OVL_MAX_STACK */
const deepestStack = 500;

export class OverlaySnapshots {
  readonly #folder: string;
  readonly #database: Database;

  constructor(root: string, database: Database) {
    this.#folder = `${root}/snapshots`;
    this.#database = database;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** A new active snapshot or view over a committed parent (or over nothing). Errors: alreadyExists, notFound, invalidArgument. */
  prepare(
    namespace: string,
    request: { key: string; parent: string; labels: Labels; kind: 'active' | 'view' },
  ): Mount[] {
    const { key, parent, kind } = request;
    checkKey(key);
    const mounts = this.#insertWithDirectory(namespace, request);
    const [mount] = mounts;
    emit('containerd.snapshot-prepared', {
      data: { namespace, key, parent, kind, directory: this.#directoryOf(mounts), mounts },
      ...(mount === undefined ? {} : { twin: mountCommand(mount) }),
    });
    return mounts;
  }

  /** Both or neither, on a full disk too: an id that was rolled back is given out again. */
  #insertWithDirectory(namespace: string, request: Parameters<OverlaySnapshots['prepare']>[1]): Mount[] {
    const { key, parent, kind } = request;
    let made: number | undefined;
    try {
      return this.#database.transaction(() => {
        this.#refuseTaken(namespace, key);
        const parents = parent === '' ? [] : this.#chain(namespace, this.#committed(namespace, parent));
        const mapping = idMappingOf(request.labels);
        const id = this.#insert(namespace, { ...request, labels: checkLabels(request.labels) });
        made = id;
        this.#makeDirectory(id, { kind, below: parents[0], mapping });
        return this.#mountsOf({ id, kind, mapping }, parents);
      });
    } catch (error) {
      if (made !== undefined) rmSync(`${this.#folder}/${made}`, { recursive: true, force: true });
      throw error;
    }
  }

  /** The mounts of an active snapshot or view, for whoever lost them. Errors: notFound, conflict for a committed one. */
  mounts(namespace: string, key: string): Mount[] {
    const row = this.#row(namespace, key);
    if (row.kind === 'committed')
      throw new LabError('conflict', `snapshot ${key}: it is committed, must be active or view`);
    const parents = row.parent === '' ? [] : this.#chain(namespace, this.#committed(namespace, row.parent));
    return this.#mountsOf({ ...row, mapping: idMappingOf(readLabels(row.labels)) }, parents);
  }

  /** Turns the active snapshot `key` into the committed `name`. Errors: notFound, alreadyExists, conflict. */
  commit(namespace: string, request: { key: string; name: string; labels: Labels }): void {
    const { key, name } = request;
    checkKey(name);
    const row = this.#row(namespace, key);
    if (row.kind !== 'active')
      throw new LabError('conflict', `committing snapshot ${key}: it is ${row.kind}, must be active`);
    // Its files have the ids of one map: as a layer they would be wrong under every other one, and under none.
    if (idMappingOf(readLabels(row.labels)) !== undefined)
      throw new LabError('conflict', `committing snapshot ${key}: its ids are mapped, must be those of its layers`);
    this.#refuseTaken(namespace, name);
    const { fileBytes, ...usage } = diskUsage(this.#fs(row.id));
    const labels = checkLabels({ ...request.labels, [fileBytesLabel]: `${fileBytes}` });
    this.#database.run(
      "UPDATE snapshots SET key = ?, kind = 'committed', labels = ?, size = ?, inodes = ?, updated = ? WHERE id = ?",
      name,
      writeLabels(labels),
      usage.sizeBytes,
      usage.inodes,
      Date.now(),
      row.id,
    );
    rmSync(`${this.#folder}/${row.id}/work`, { recursive: true, force: true });
    emit('containerd.snapshot-committed', { data: { namespace, key, name, directory: this.#fs(row.id), ...usage } });
  }

  /** Errors: notFound; conflict while it has children. */
  remove(namespace: string, key: string): void {
    const row = this.#row(namespace, key);
    const child = this.#database.get<{ key: string }>(
      'SELECT key FROM snapshots WHERE namespace = ? AND parent = ?',
      namespace,
      key,
    );
    if (child !== undefined && row.kind === 'committed') {
      throw new LabError('conflict', `cannot remove snapshot ${key}: it has a child, ${child.key}`);
    }
    // Space first: on a full disk not even the record could be deleted. A record without its directory goes at the next start.
    this.#removeDirectory(String(row.id));
    this.#database.run('DELETE FROM snapshots WHERE id = ?', row.id);
    emit('containerd.snapshot-removed', { data: { namespace, key, directory: this.#fs(row.id) } });
  }

  /** Errors: notFound. */
  stat = (namespace: string, key: string): SnapshotInfo => infoOf(this.#row(namespace, key));

  list(namespace: string): SnapshotInfo[] {
    return this.#database.all<Row>('SELECT * FROM snapshots WHERE namespace = ? ORDER BY id', namespace).map(infoOf);
  }

  /** Changes labels as a field mask says. Errors: notFound, invalidArgument. */
  update(
    namespace: string,
    change: { key: string; labels: Labels; mask: readonly string[] | undefined },
  ): SnapshotInfo {
    const current = this.stat(namespace, change.key);
    const labels = maskOf(change.mask, ['labels']).labels(current.labels, change.labels);
    this.#database.run(
      'UPDATE snapshots SET labels = ?, updated = ? WHERE id = ?',
      writeLabels(labels),
      Date.now(),
      current.id,
    );
    return this.stat(namespace, change.key);
  }

  /** What the snapshot itself holds, without its parents. Errors: notFound. */
  usage(namespace: string, key: string): Usage {
    const row = this.#row(namespace, key);
    if (row.size !== null && row.inodes !== null) return { sizeBytes: row.size, inodes: row.inodes };
    const { sizeBytes, inodes } = diskUsage(this.#fs(row.id));
    return { sizeBytes, inodes };
  }

  /** The directory that a layer is unpacked into: the one of an active snapshot's mounts. Errors: invalidArgument for foreign mounts. */
  writableDirectory(mounts: readonly Mount[]): string {
    const directory = this.#directoryOf(mounts);
    if (!directory.startsWith(`${this.#folder}/`) || directory.includes('..')) {
      throw new LabError(
        'invalidArgument',
        'applying a layer: expected the mounts of one active snapshot of this snapshotter',
      );
    }
    return directory;
  }

  /** The directories below it, topmost first, out of the same mounts; none when it lies at the bottom. */
  lowerDirectories(mounts: readonly Mount[]): string[] {
    return mounts[0]?.type === 'overlay' ? layersOf(mounts).slice(1) : [];
  }

  /** Start-up and Cleanup: directories without a record, records without a directory. Returns how many. */
  sweep(): number {
    const found = new Set(readdirSync(this.#folder));
    let swept = 0;
    for (const { id } of this.#database.all<{ id: number }>('SELECT id FROM snapshots')) {
      if (!found.delete(String(id))) swept += this.#database.run('DELETE FROM snapshots WHERE id = ?', id);
    }
    for (const name of found) this.#removeDirectory(name);
    return swept + found.size;
  }

  #fs = (id: number): string => `${this.#folder}/${id}/fs`;

  #row(namespace: string, key: string): Row {
    const row = this.#database.get<Row>('SELECT * FROM snapshots WHERE namespace = ? AND key = ?', namespace, key);
    if (row === undefined) throw new LabError('notFound', `snapshot ${key}: not found`);
    return row;
  }

  #committed(namespace: string, key: string): Row {
    const row = this.#database.get<Row>('SELECT * FROM snapshots WHERE namespace = ? AND key = ?', namespace, key);
    if (row === undefined) throw new LabError('notFound', `parent snapshot ${key}: not found`);
    if (row.kind !== 'committed')
      throw new LabError('invalidArgument', `parent snapshot ${key}: it is ${row.kind}, must be committed`);
    return row;
  }

  /** Ids from the nearest parent down to the lowest. */
  #chain(namespace: string, nearest: Row): number[] {
    const ids = [nearest.id];
    for (let row = nearest; row.parent !== ''; ) {
      row = this.#committed(namespace, row.parent);
      ids.push(row.id);
      if (ids.length > deepestStack)
        throw new LabError('invalidArgument', `snapshot: more than ${deepestStack} layers`);
    }
    return ids;
  }

  #refuseTaken(namespace: string, key: string): void {
    const taken = this.#database.get('SELECT 1 FROM snapshots WHERE namespace = ? AND key = ?', namespace, key);
    if (taken !== undefined) throw new LabError('alreadyExists', `snapshot ${key}: already exists`);
  }

  #insert(namespace: string, request: { key: string; parent: string; labels: Labels; kind: SnapshotKind }): number {
    const now = Date.now();
    const row = this.#database.get<{ id: number }>(
      `INSERT INTO snapshots (namespace, key, parent, kind, labels, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      namespace,
      request.key,
      request.parent,
      request.kind,
      writeLabels(request.labels),
      now,
      now,
    );
    if (row === undefined) throw new LabError('internal', `snapshot ${request.key}: no id`);
    return row.id;
  }

  #makeDirectory(
    id: number,
    { kind, below, mapping }: { kind: SnapshotKind; below: number | undefined; mapping: IdMapping | undefined },
  ): void {
    const fs = this.#fs(id);
    mkdirSync(`${this.#folder}/${id}`, { mode: 0o700 });
    mkdirSync(fs, { mode: 0o755 });
    if (kind === 'active') mkdirSync(`${this.#folder}/${id}/work`, { mode: 0o711 });
    if (below === undefined) {
      if (mapping !== undefined) chownSync(fs, hostId(mapping.uids, 0), hostId(mapping.gids, 0));
      return;
    }
    // The merged root takes owner and mode of its uppermost directory, so that one must look like the root of the layer below.
    const { uid, gid, mode } = statSync(this.#fs(below));
    chownSync(fs, mapping ? hostId(mapping.uids, uid) : uid, mapping ? hostId(mapping.gids, gid) : gid);
    chmodSync(fs, mode & 0o7777);
  }

  /** Without layers below there is nothing to map: all of it is written with the ids of the host. */
  #mountsOf(
    { id, kind, mapping }: { id: number; kind: SnapshotKind; mapping: IdMapping | undefined },
    parents: readonly number[],
  ): Mount[] {
    const [nearest] = parents;
    if (nearest === undefined)
      return [{ type: 'bind', source: this.#fs(id), options: [kind === 'view' ? 'ro' : 'rw', 'rbind'] }];
    const mapped = mappingOptions(mapping);
    const lower = `lowerdir=${parents.map(this.#fs).join(':')}`;
    if (kind === 'active') {
      const upper = [`workdir=${this.#folder}/${id}/work`, `upperdir=${this.#fs(id)}`];
      return [{ type: 'overlay', source: 'overlay', options: ['index=off', ...upper, lower, ...mapped] }];
    }
    if (parents.length === 1) return [{ type: 'bind', source: this.#fs(nearest), options: ['ro', 'rbind', ...mapped] }];
    return [{ type: 'overlay', source: 'overlay', options: ['index=off', lower, ...mapped] }];
  }

  #directoryOf(mounts: readonly Mount[]): string {
    const [mount] = mounts;
    if (mount === undefined || mounts.length > 1) return '';
    if (mount.type === 'bind') return mount.source;
    return mount.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length) ?? '';
  }

  // Renamed first, so that a crash in the middle leaves a directory that the sweep knows to be rubbish.
  #removeDirectory(name: string): void {
    const doomed = `${this.#folder}/rm-${name.replace(/^rm-/, '')}`;
    try {
      renameSync(`${this.#folder}/${name}`, doomed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    rmSync(doomed, { recursive: true, force: true });
  }
}

function checkKey(key: string): void {
  if (key === '') throw new LabError('invalidArgument', 'snapshot: its key is empty');
  if (key.length > longestKey)
    throw new LabError('invalidArgument', `snapshot key: ${key.length} characters, at most ${longestKey} are allowed`);
}

/** What filters can ask of a snapshot. @source containerd snapshots/storage */
export const snapshotFields = (info: SnapshotInfo): Fields =>
  fieldsOf({ name: info.key, parent: info.parent, kind: info.kind }, info.labels);
