// Leases: what a client still works with. The garbage collector leaves alone whatever a lease holds.
import { randomBytes } from 'node:crypto';
import { LabError } from '../../base/errors.ts';
import type { Database } from './database.ts';
import { type Fields, fieldsOf } from './filter.ts';
import { checkLabels, type Labels, readLabels, writeLabels } from './labels.ts';

export interface LeaseInfo {
  id: string;
  labels: Labels;
  createdMs: number;
}

export interface LeaseResource {
  /** `content`, `snapshots/<snapshotter>`, `ingests`. */
  type: string;
  id: string;
}

export interface HeldResource extends LeaseResource {
  lease: string;
}

/** @source containerd leases/lease.go */
const expireLabel = 'containerd.io/gc.expire';
/** On leases of work that this process does itself: nobody goes on with it when the process is gone. */
const ownLabel = 'io.tlab/transfer';
/** Work that takes longer was forgotten by its client. */
const ownMs = 24 * 3600 * 1000;
/** What work that was cut off has brought stays so long, for another try. */
const graceMs = 10 * 60 * 1000;
const resourceType = /^(content|ingests|snapshots\/[a-z0-9-]+)$/;

export class Leases {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Without an id one is made. Errors: alreadyExists. */
  create(namespace: string, id: string, labels: Labels): LeaseInfo {
    const name = id === '' ? randomBytes(16).toString('hex') : id;
    const createdMs = Date.now();
    const made = this.#database.run(
      'INSERT OR IGNORE INTO leases VALUES (?, ?, ?, ?)',
      namespace,
      name,
      writeLabels(checkLabels(labels)),
      createdMs,
    );
    if (made === 0) throw new LabError('alreadyExists', `lease "${name}": already exists`);
    return { id: name, labels, createdMs };
  }

  /** For work of this process. */
  createOwn = (namespace: string): string =>
    this.create(namespace, '', { [ownLabel]: '', [expireLabel]: new Date(Date.now() + ownMs).toISOString() }).id;

  /** At start: leases of an earlier process's own work end soon. */
  endOwn(): void {
    const expiry = new Date(Date.now() + graceMs).toISOString();
    for (const name of this.#namespaces()) {
      for (const { id, labels } of this.list(name)) {
        if (!(ownLabel in labels)) continue;
        const ending = writeLabels({ [expireLabel]: expiry });
        this.#database.run('UPDATE leases SET labels = ? WHERE namespace = ? AND id = ?', ending, name, id);
      }
    }
  }

  /** When the next lease runs out, if any does. */
  nextExpiryMs(): number | undefined {
    const times = this.#namespaces()
      .flatMap(this.list)
      .map(({ labels }) => Date.parse(labels[expireLabel] ?? ''))
      .filter((time) => !Number.isNaN(time));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #namespaces = (): string[] =>
    this.#database.all<{ name: string }>('SELECT DISTINCT namespace AS name FROM leases').map(({ name }) => name);

  list = (namespace: string): LeaseInfo[] =>
    this.#database
      .all<{ id: string; labels: string; created: number }>(
        'SELECT * FROM leases WHERE namespace = ? ORDER BY created',
        namespace,
      )
      .map((row) => ({ id: row.id, labels: readLabels(row.labels), createdMs: row.created }));

  /** Errors: notFound. */
  delete(namespace: string, id: string): void {
    this.#database.transaction(() => {
      this.#require(namespace, id);
      this.#database.run('DELETE FROM lease_resources WHERE namespace = ? AND lease = ?', namespace, id);
      this.#database.run('DELETE FROM leases WHERE namespace = ? AND id = ?', namespace, id);
    });
  }

  /** Deletes what is past its expiry label. */
  expire(nowMs = Date.now()): void {
    for (const name of this.#namespaces()) {
      for (const lease of this.list(name)) {
        const expiry = lease.labels[expireLabel];
        if (expiry !== undefined && Date.parse(expiry) < nowMs) this.delete(name, lease.id);
      }
    }
  }

  /** Errors: notFound, invalidArgument. */
  addResource(namespace: string, id: string, resource: LeaseResource): void {
    this.#require(namespace, id);
    if (!resourceType.test(resource.type))
      throw new LabError('notImplemented', `lease resource type "${resource.type}" is not there`);
    this.#database.run(
      'INSERT OR IGNORE INTO lease_resources VALUES (?, ?, ?, ?)',
      namespace,
      id,
      resource.type,
      resource.id,
    );
  }

  /** Puts a new object under the lease that its maker's call names, if any; an unknown lease holds nothing. */
  hold(namespace: string, lease: string | undefined, resource: LeaseResource): void {
    if (lease === undefined || lease === '') return;
    this.#database.run(
      'INSERT OR IGNORE INTO lease_resources SELECT namespace, id, ?, ? FROM leases WHERE namespace = ? AND id = ?',
      resource.type,
      resource.id,
      namespace,
      lease,
    );
  }

  /** Errors: notFound. */
  deleteResource(namespace: string, id: string, resource: LeaseResource): void {
    this.#require(namespace, id);
    this.#database.run(
      'DELETE FROM lease_resources WHERE namespace = ? AND lease = ? AND type = ? AND resource = ?',
      namespace,
      id,
      resource.type,
      resource.id,
    );
  }

  /** Errors: notFound. */
  resources(namespace: string, id: string): LeaseResource[] {
    this.#require(namespace, id);
    return this.#database.all<LeaseResource>(
      'SELECT type, resource AS id FROM lease_resources WHERE namespace = ? AND lease = ?',
      namespace,
      id,
    );
  }

  /** What all leases hold, in an order of its own, beyond `after`. */
  held(namespace: string, after: HeldResource | undefined, limit: number): HeldResource[] {
    const { lease = '', type = '', id = '' } = after ?? {};
    return this.#database.all<HeldResource>(
      `SELECT lease, type, resource AS id FROM lease_resources
       WHERE namespace = ? AND (lease, type, resource) > (?, ?, ?) ORDER BY lease, type, resource LIMIT ?`,
      namespace,
      lease,
      type,
      id,
      limit,
    );
  }

  #require(namespace: string, id: string): void {
    if (this.#database.get('SELECT 1 FROM leases WHERE namespace = ? AND id = ?', namespace, id) === undefined) {
      throw new LabError('notFound', `lease "${id}": not found`);
    }
  }
}

/** What filters can ask of a lease. */
export const leaseFields = (lease: LeaseInfo): Fields => fieldsOf({ id: lease.id }, lease.labels);
