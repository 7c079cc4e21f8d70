// Snapshots: records and directories of one snapshotter. A snapshot is a directory `<folder>/<n>/fs`; how it is filled and mounted is the
// snapshotter's kind (overlay.ts, native.ts). active: may be written; committed: read-only, may be a parent; view: read-only look at a parent.
// Rules: a parent is always committed; what has children is never removed; a directory is whole before its record is written, and gets
// another name before its record goes; directory names are numbers, so that the options of a mount of many layers stay below one page.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { asLabError, LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import type { Database } from '../metadata/database.ts';
import { type Fields, fieldsOf } from '../metadata/filter.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from '../metadata/labels.ts';
import { eraseAll } from './erase.ts';
import { idMappingOf } from './id-mapping.ts';
import type { SnapshotKind, SnapshotterKind } from './kind.ts';
import { type Mount, mountCommand } from './mounts.ts';
import { diskUsage, type MeasuredUsage, type Usage } from './usage.ts';

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

export interface PrepareRequest {
  key: string;
  parent: string;
  labels: Labels;
  kind: 'active' | 'view';
  /** Puts it under its maker's lease, in the same step. */
  hold?: () => void;
}

export interface CommitRequest {
  key: string;
  name: string;
  labels: Labels;
  /** Puts it under its maker's lease, in the same step. */
  hold?: () => void;
  /** What the directory takes, of whoever has just filled it; else it is measured. */
  usage?: MeasuredUsage;
}

export interface UnpackingPlace {
  directory: string;
  /** The directories below it, topmost first; none when it lies at the bottom. */
  lowers: string[];
  whiteouts: SnapshotterKind['whiteouts'];
}

/** On every committed snapshot: bytes of its files, as Docker's clients are shown them. */
const fileBytesLabel = 'io.tlab/file-bytes';
const rootLabel = 'containerd.io/gc.root';
const longestKey = 4096;
/** Layers that one overlay mount takes. @source kernel fs/overlayfs/params.h OVL_MAX_STACK */
const deepestStack = 500;

export class Snapshots {
  readonly #folder: string;
  readonly #database: Database;
  readonly #kind: SnapshotterKind;
  /** Directories that are being filled: no sweep takes them. */
  readonly #making = new Set<string>();

  constructor(root: string, database: Database, kind: SnapshotterKind) {
    this.#folder = `${root}/${kind.folder}`;
    this.#database = database;
    this.#kind = kind;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The snapshotter, as clients call it. */
  get name(): string {
    return this.#kind.name;
  }

  get table(): string {
    return this.#kind.table;
  }

  get folder(): string {
    return this.#folder;
  }

  /** A new active snapshot or view over a committed parent (or over nothing). Errors: alreadyExists, notFound, invalidArgument, resourceExhausted. */
  async prepare(namespace: string, request: PrepareRequest): Promise<Mount[]> {
    const { key, parent, kind, labels } = request;
    checkKey(key);
    this.#refuseTaken(namespace, key);
    const mapping = idMappingOf(labels);
    this.#kind.check({ mapping });
    const fresh = `new-${randomUUID()}`;
    this.#making.add(fresh);
    try {
      mkdirSync(`${this.#folder}/${fresh}`, { mode: 0o700 });
      await this.#kind.fill(`${this.#folder}/${fresh}`, { kind, parents: this.#parents(namespace, parent), mapping });
      const mounts = this.#record(namespace, request, fresh);
      const [mount] = mounts;
      emit('containerd.snapshot-prepared', {
        data: { namespace, key, parent, kind, directory: this.#directoryOf(mounts), mounts },
        ...(mount === undefined ? {} : { twin: mountCommand(mount) }),
      });
      return mounts;
    } finally {
      this.#making.delete(fresh);
      rmSync(`${this.#folder}/${fresh}`, { recursive: true, force: true });
    }
  }

  /** Record and directory, both or neither, on a full disk too: an id that was rolled back is given out again. */
  #record(namespace: string, request: PrepareRequest, fresh: string): Mount[] {
    let made: number | undefined;
    try {
      return this.#database.transaction(() => {
        this.#refuseTaken(namespace, request.key);
        const parents = this.#parents(namespace, request.parent);
        const id = this.#insert(namespace, { ...request, labels: checkLabels(request.labels) });
        renameSync(`${this.#folder}/${fresh}`, `${this.#folder}/${id}`);
        made = id;
        request.hold?.();
        return this.#mountsOf({ id, ...request }, parents);
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
    return this.#mountsOf(infoOf(row), this.#parents(namespace, row.parent));
  }

  /** Turns the active snapshot `key` into the committed `name`. Errors: notFound, alreadyExists, conflict. */
  async commit(namespace: string, request: CommitRequest): Promise<void> {
    const { key, name, hold } = request;
    checkKey(name);
    const { id } = this.#committable(namespace, request);
    const { fileBytes, ...usage } = request.usage ?? (await diskUsage(this.#fs(id)));
    const labels = checkLabels({ ...request.labels, [fileBytesLabel]: `${fileBytes}` });
    this.#database.transaction(() => {
      this.#committable(namespace, request);
      this.#database.run(
        `UPDATE ${this.table} SET key = ?, kind = 'committed', labels = ?, size = ?, inodes = ?, updated = ? WHERE id = ?`,
        name,
        writeLabels(labels),
        usage.sizeBytes,
        usage.inodes,
        Date.now(),
        id,
      );
      hold?.();
    });
    rmSync(`${this.#folder}/${id}/work`, { recursive: true, force: true });
    emit('containerd.snapshot-committed', { data: { namespace, key, name, directory: this.#fs(id), ...usage } });
  }

  #committable(namespace: string, { key, name }: { key: string; name: string }): Row {
    const row = this.#row(namespace, key);
    if (row.kind !== 'active')
      throw new LabError('conflict', `committing snapshot ${key}: it is ${row.kind}, must be active`);
    // Its files have the ids of one map: as a layer they would be wrong under every other one, and under none.
    if (idMappingOf(readLabels(row.labels)) !== undefined)
      throw new LabError('conflict', `committing snapshot ${key}: its ids are mapped, must be those of its layers`);
    this.#refuseTaken(namespace, name);
    return row;
  }

  /** Errors: notFound; conflict while it has children. */
  async remove(namespace: string, key: string): Promise<void> {
    await this.erase([this.detach(namespace, key)]);
  }

  /** The record goes at once; returns the directory, which has another name now, for `erase`. Errors: as `remove`. */
  detach(namespace: string, key: string): string {
    const row = this.#row(namespace, key);
    const child = this.#database.get<{ key: string }>(
      `SELECT key FROM ${this.table} WHERE namespace = ? AND parent = ?`,
      namespace,
      key,
    );
    if (child !== undefined && row.kind === 'committed') {
      throw new LabError('conflict', `cannot remove snapshot ${key}: it has a child, ${child.key}`);
    }
    const directory = this.#setAside(String(row.id));
    const forget = () => this.#database.run(`DELETE FROM ${this.table} WHERE id = ?`, row.id);
    try {
      forget();
    } catch (error) {
      if (asLabError(error).kind !== 'resourceExhausted') throw error;
      // On a full disk not even the record could be deleted: space first. A record without its directory goes at the next start.
      rmSync(directory, { recursive: true, force: true });
      forget();
    }
    emit('containerd.snapshot-removed', { data: { namespace, key, directory: this.#fs(row.id) } });
    return directory;
  }

  /** Resolves when what `detach` returned is gone. */
  erase = (directories: readonly string[]): Promise<void> => eraseAll(directories);

  /** Errors: notFound. */
  stat = (namespace: string, key: string): SnapshotInfo => infoOf(this.#row(namespace, key));

  find(namespace: string, key: string): SnapshotInfo | undefined {
    const row = this.#find(namespace, key);
    return row === undefined ? undefined : infoOf(row);
  }

  list(namespace: string): SnapshotInfo[] {
    return this.#database
      .all<Row>(`SELECT * FROM ${this.table} WHERE namespace = ? ORDER BY id`, namespace)
      .map(infoOf);
  }

  /** Newest first, older than the id `before`. */
  page = (namespace: string, before: number, limit: number): Array<{ id: number; key: string }> =>
    this.#database.all(
      `SELECT id, key FROM ${this.table} WHERE namespace = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      namespace,
      before,
      limit,
    );

  /** What a collection may begin at: what is not committed, or is labelled as a root. */
  roots(namespace: string): Array<{ key: string; isLabelled: boolean }> {
    return this.#database
      .all<{ key: string; kind: SnapshotKind; labels: string }>(
        `SELECT key, kind, labels FROM ${this.table} WHERE namespace = ? AND (kind <> 'committed' OR instr(labels, ?) > 0)`,
        namespace,
        rootLabel,
      )
      .map(({ key, kind, labels }) => ({ key, kind, isLabelled: rootLabel in readLabels(labels) }))
      .filter(({ kind, isLabelled }) => isLabelled || kind !== 'committed');
  }

  /** Changes labels as a field mask says. Errors: notFound, invalidArgument. */
  update(
    namespace: string,
    change: { key: string; labels: Labels; mask: readonly string[] | undefined },
  ): SnapshotInfo {
    const current = this.stat(namespace, change.key);
    const labels = maskOf(change.mask, ['labels']).labels(current.labels, change.labels);
    this.#database.run(
      `UPDATE ${this.table} SET labels = ?, updated = ? WHERE id = ?`,
      writeLabels(labels),
      Date.now(),
      current.id,
    );
    return this.stat(namespace, change.key);
  }

  /** What the snapshot itself holds, without its parents. Errors: notFound. */
  async usage(namespace: string, key: string): Promise<Usage> {
    const row = this.#row(namespace, key);
    if (row.size !== null && row.inodes !== null) return { sizeBytes: row.size, inodes: row.inodes };
    const { sizeBytes, inodes } = await diskUsage(this.#fs(row.id));
    return { sizeBytes, inodes };
  }

  /** True for the mounts of one of these snapshots that can be written: a view's are the directory of what is committed. */
  hasWritable(mounts: readonly Mount[]): boolean {
    const directory = this.#directoryOf(mounts);
    if (!directory.startsWith(`${this.#folder}/`)) return false;
    const id = /^\/(\d+)\/fs$/.exec(directory.slice(this.#folder.length))?.[1];
    const row = id && this.#database.get<Row>(`SELECT * FROM ${this.table} WHERE id = ?`, Number(id));
    return row ? row.kind === 'active' : false;
  }

  /** Where and how a layer is unpacked into an active snapshot, out of its mounts. */
  unpackingPlace = (mounts: readonly Mount[]): UnpackingPlace => ({
    directory: this.#directoryOf(mounts),
    lowers: this.#kind.lowers(mounts),
    whiteouts: this.#kind.whiteouts,
  });

  /** Start-up and Cleanup: directories without a record, records without a directory. Returns how many. */
  async sweep(): Promise<number> {
    const found = new Set(readdirSync(this.#folder).filter((name) => !this.#making.has(name)));
    let swept = 0;
    for (const { id } of this.#database.all<{ id: number }>(`SELECT id FROM ${this.table}`)) {
      if (!found.delete(String(id))) swept += this.#database.run(`DELETE FROM ${this.table} WHERE id = ?`, id);
    }
    await this.erase([...found].map((name) => this.#setAside(name)));
    return swept + found.size;
  }

  #fs = (id: number): string => `${this.#folder}/${id}/fs`;

  #find = (namespace: string, key: string): Row | undefined =>
    this.#database.get<Row>(`SELECT * FROM ${this.table} WHERE namespace = ? AND key = ?`, namespace, key);

  #row(namespace: string, key: string): Row {
    const row = this.#find(namespace, key);
    if (row === undefined) throw new LabError('notFound', `snapshot ${key}: not found`);
    return row;
  }

  /** Directories from the nearest parent down to the lowest. */
  #parents(namespace: string, parent: string): string[] {
    const parents: string[] = [];
    for (let key = parent; key !== ''; ) {
      const row = this.#find(namespace, key);
      if (row === undefined) throw new LabError('notFound', `parent snapshot ${key}: not found`);
      if (row.kind !== 'committed')
        throw new LabError('invalidArgument', `parent snapshot ${key}: it is ${row.kind}, must be committed`);
      parents.push(this.#fs(row.id));
      if (parents.length > deepestStack)
        throw new LabError('invalidArgument', `snapshot: more than ${deepestStack} layers`);
      key = row.parent;
    }
    return parents;
  }

  #refuseTaken(namespace: string, key: string): void {
    if (this.#find(namespace, key) !== undefined)
      throw new LabError('alreadyExists', `snapshot ${key}: already exists`);
  }

  #insert(namespace: string, request: { key: string; parent: string; labels: Labels; kind: SnapshotKind }): number {
    const now = Date.now();
    const row = this.#database.get<{ id: number }>(
      `INSERT INTO ${this.table} (namespace, key, parent, kind, labels, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
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

  #mountsOf({ id, kind, labels }: { id: number; kind: SnapshotKind; labels: Labels }, parents: string[]): Mount[] {
    const directory = `${this.#folder}/${id}`;
    return this.#kind.mounts(directory, { kind, parents, mapping: idMappingOf(labels) });
  }

  #directoryOf(mounts: readonly Mount[]): string {
    const [mount] = mounts;
    if (mount === undefined || mounts.length > 1) return '';
    if (mount.type === 'bind') return mount.source;
    return mount.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length) ?? '';
  }

  /** Another name, so that a crash in the middle leaves a directory that the sweep knows to be rubbish. */
  #setAside(name: string): string {
    const doomed = `${this.#folder}/rm-${name.replace(/^rm-/, '')}`;
    try {
      renameSync(`${this.#folder}/${name}`, doomed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return doomed;
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
