// The build cache: results of steps by key. Every look-up says why it hit or missed, against the nearest earlier result of the same step.
import { LabError } from '../../../base/errors.ts';
import type { ContainerdClient } from '../../../containerd/client.ts';
import { digestHex } from '../../../oci/digest.ts';
import { ignoreMissing } from '../../container/missing.ts';
import type { KeyChange } from '../../protocol.ts';
import { filesBetween, loadFiles, saveFiles } from './files.ts';
import { changesBetween, type KeyParts, keyOf } from './key.ts';
import { type CacheRecord, loadRecords, removeRecord, saveRecord } from './record.ts';

/** On a lease: the key of the record that it belongs to. */
export const cacheLeaseLabel = 'io.tlab/build-cache';

export type Place = CacheRecord['place'];

export interface LookedUp {
  record: CacheRecord | undefined;
  key: CacheRecord['key'];
  reason: string;
  changes: KeyChange[];
}

interface LookUp {
  parts: KeyParts;
  place: Place;
  /** The lease of the build: what it finds stays as long as it runs. */
  lease: string;
  isWanted: boolean;
  /** Of COPY and ADD: what `sources` stands for. */
  files?: ReadonlyMap<string, string> | undefined;
}

type Services = Pick<ContainerdClient, 'content' | 'snapshots' | 'leases'>;

export class BuildCache {
  readonly #folder: string;
  readonly #containerd: Services;
  readonly #snapshotter: string;
  readonly #records = new Map<string, CacheRecord>();
  readonly #adding = new Map<string, Promise<void>>();

  constructor(folder: string, containerd: Services, snapshotter: string) {
    this.#snapshotter = snapshotter;
    this.#folder = folder;
    this.#containerd = containerd;
    for (const record of loadRecords(folder)) this.#records.set(record.key, record);
  }

  all(): CacheRecord[] {
    return [...this.#records.values()];
  }

  async find({ parts, place, lease, isWanted, files }: LookUp): Promise<LookedUp> {
    const key = keyOf(parts);
    if (!isWanted) return { record: undefined, key, reason: 'the cache is not asked (--no-cache)', changes: [] };
    const record = this.#records.get(key);
    if (record === undefined) return { record, key, ...this.#whyNot(parts, place, files) };
    if (!(await this.#hold(record, lease))) {
      await this.remove(record);
      return { record: undefined, key, reason: 'its layer was removed from the store', changes: [] };
    }
    const reason = `every part of the key is as on ${record.created.slice(0, 19).replace('T', ' ')}`;
    record.lastUsedMs = Date.now();
    record.uses += 1;
    saveRecord(this.#folder, record);
    return { record, key, reason, changes: [] };
  }

  /** Nearest: the same words first, then the same place; of those the one with most parts alike, then the youngest. */
  #whyNot(parts: KeyParts, place: Place, files: LookUp['files']): Pick<LookedUp, 'reason' | 'changes'> {
    const all = this.all();
    const sameText = all.filter((record) => record.place.text === place.text);
    const near =
      sameText.length > 0
        ? sameText
        : all.filter((record) => record.place.stage === place.stage && record.place.index === place.index);
    const nearest = near
      .map((record) => ({ record, changes: changesBetween(record.parts, parts) }))
      .sort((a, b) => a.changes.length - b.changes.length || b.record.lastUsedMs - a.record.lastUsedMs)[0];
    if (nearest === undefined) return { reason: 'this step was never built here', changes: [] };
    const names = nearest.changes.map(({ part }) => part).join(', ');
    const before = files === undefined ? undefined : loadFiles(this.#folder, nearest.record.key);
    const changes = nearest.changes.map((change) =>
      change.part !== 'sources' || files === undefined || before === undefined
        ? change
        : { ...change, files: filesBetween(before, files) },
    );
    return { reason: `other than the last time: ${names}`, changes };
  }

  /** What a later miss says that has changed; without it only the checksum is known. */
  keepFiles(key: CacheRecord['key'], files: ReadonlyMap<string, string>): void {
    saveFiles(this.#folder, key, files);
  }

  /** False when the layer or its snapshot is gone. */
  async #hold({ layer, chainId }: CacheRecord, lease: string): Promise<boolean> {
    if (layer === undefined || chainId === undefined) return true;
    const { leases, content, snapshots } = this.#containerd;
    try {
      // Held first, looked at then: what goes in between would be missed.
      await Promise.all([
        leases.addResource({ id: lease, resource: { type: 'content', id: layer.descriptor.digest } }),
        leases.addResource({ id: lease, resource: { type: `snapshots/${this.#snapshotter}`, id: chainId } }),
      ]);
      await Promise.all([
        content.info({ digest: layer.descriptor.digest }),
        snapshots.stat({ snapshotter: this.#snapshotter, key: chainId }),
      ]);
      return true;
    } catch (error) {
      if (error instanceof LabError && error.kind === 'notFound') return false;
      throw error;
    }
  }

  /** One after the other for a key: stages side by side, and builds, may make the same step at once. */
  async add(record: CacheRecord): Promise<void> {
    const { key } = record;
    const before = this.#adding.get(key) ?? Promise.resolve();
    const done = before.catch(() => {}).then(() => this.#add(record));
    this.#adding.set(key, done);
    await done.finally(() => {
      if (this.#adding.get(key) === done) this.#adding.delete(key);
    });
  }

  /** The lease comes before the record: a record without a layer would be a lie. */
  async #add(record: CacheRecord): Promise<void> {
    const { layer, chainId } = record;
    if (layer !== undefined && chainId !== undefined) {
      const id = leaseOf(record);
      const { leases } = this.#containerd;
      await ignoreMissing(leases.delete({ id }));
      await leases.create({ id, labels: { [cacheLeaseLabel]: record.key } });
      await leases.addResource({ id, resource: { type: 'content', id: layer.descriptor.digest } });
      await leases.addResource({ id, resource: { type: `snapshots/${this.#snapshotter}`, id: chainId } });
    }
    saveRecord(this.#folder, record);
    this.#records.set(record.key, record);
  }

  async remove(record: CacheRecord, { sync = false } = {}): Promise<void> {
    this.#records.delete(record.key);
    removeRecord(this.#folder, record.key);
    if (record.layer !== undefined) await ignoreMissing(this.#containerd.leases.delete({ id: leaseOf(record), sync }));
  }

  /** At start: leases and records that have lost each other. */
  async reconcile(): Promise<void> {
    const { leases } = await this.#containerd.leases.list({});
    const held = new Set(leases.flatMap(({ id, labels }) => (labels[cacheLeaseLabel] === undefined ? [] : [id])));
    for (const record of this.all())
      if (record.layer !== undefined && !held.delete(leaseOf(record))) await this.remove(record);
    for (const id of held) await ignoreMissing(this.#containerd.leases.delete({ id }));
  }
}

const leaseOf = ({ key }: CacheRecord): string => `tlab-build-cache-${digestHex(key)}`;
