// The build cache: results of steps by key. Every look-up says why it hit or missed, against the nearest earlier result of the same step.
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../base/errors.ts';
import { Slices } from '../../../base/slices.ts';
import type { ContainerdClient } from '../../../containerd/client.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';
import { digestHex } from '../../../oci/digest.ts';
import { withCause } from '../../../trace/context.ts';
import { ignoreExisting, ignoreMissing } from '../../container/missing.ts';
import type { KeyChange } from '../../protocol.ts';
import { filesBetween, loadFiles, saveFiles } from './files.ts';
import { changesBetween, type KeyParts, keyOf } from './key.ts';
import { type CacheRecord, loadRecords, removeRecord, saveRecord } from './record.ts';

const usesWaitMs = 200;

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
  /**
   * What running builds have looked at, by the lease of the build, and whether it is there: the records' leases stay until the build has ended.
   */
  readonly #found = new Map<string, Map<CacheRecord['key'], Promise<boolean>>>();
  /** Whose use is not written yet: a build that finds everything should not wait for a write a step. */
  readonly #used = new Set<CacheRecord>();
  #isSaving = false;
  /** Removed while a build still needed it. */
  readonly #leaving = new Set<CacheRecord['key']>();

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
    if (!(await this.#isThere(record, lease))) {
      this.#found.get(lease)?.delete(key);
      await this.remove(record);
      return { record: undefined, key, reason: 'its layer was removed from the store', changes: [] };
    }
    const reason = `every part of the key is as on ${record.created.slice(0, 19).replace('T', ' ')}`;
    record.lastUsedMs = Date.now();
    record.uses += 1;
    this.#used.add(record);
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

  /** Looks at once for what a build with these instructions is likely to need, so that it waits for one answer and not for one a step. */
  prepare(instructions: ReadonlyArray<Pick<Instruction, 'text' | 'startLine'>>, lease: string): void {
    const latest = new Map<string, CacheRecord>();
    for (const record of this.#records.values())
      if (record.lastUsedMs > (latest.get(record.place.text)?.lastUsedMs ?? 0)) latest.set(record.place.text, record);
    for (const { text, startLine } of instructions) {
      const record = latest.get(text);
      if (record !== undefined) withCause(`dockerfile:${startLine}`, () => void this.#isThere(record, lease));
    }
  }

  /** False when the layer or its snapshot is gone. The record's own lease holds both, for as long as the build of this lease needs them. */
  #isThere(record: CacheRecord, lease: string): Promise<boolean> {
    const looked = this.#found.get(lease) ?? new Map<CacheRecord['key'], Promise<boolean>>();
    // Held first, looked at then: what goes in between would be missed.
    this.#found.set(lease, looked);
    const known = looked.get(record.key) ?? this.#look(record);
    looked.set(record.key, known);
    known.catch(() => {}); // whoever needs it sees it
    return known;
  }

  async #look({ layer, chainId }: CacheRecord): Promise<boolean> {
    if (layer === undefined || chainId === undefined) return true;
    const { content, snapshots } = this.#containerd;
    try {
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

  /** The build has ended: what was removed meanwhile is let go now. */
  async release(lease: string): Promise<void> {
    const keys = this.#found.get(lease);
    this.#found.delete(lease);
    void this.#saveUses();
    for (const key of keys?.keys() ?? [])
      if (this.#leaving.has(key) && !this.#isNeeded(key)) {
        this.#leaving.delete(key);
        await ignoreMissing(this.#containerd.leases.delete({ id: leaseOf({ key }), sync: true }));
      }
  }

  /** After the answer, which is more urgent. A daemon that is killed before has forgotten when they were used, and nothing else. */
  async #saveUses(): Promise<void> {
    if (this.#isSaving) return;
    this.#isSaving = true;
    await delay(usesWaitMs, undefined, { ref: false });
    const slices = new Slices();
    for (const record of this.#used) {
      this.#used.delete(record);
      try {
        if (this.#records.get(record.key) === record) saveRecord(this.#folder, record);
      } catch {
        // On a full disk too: a build that found its steps needs no room for that.
      }
      if (slices.isOver) await slices.next();
    }
    this.#isSaving = false;
  }

  #isNeeded(key: CacheRecord['key']): boolean {
    for (const keys of this.#found.values()) if (keys.has(key)) return true;
    return false;
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
      // One that a running build needs holds both layers, until the record goes.
      if (!this.#isNeeded(record.key)) await ignoreMissing(leases.delete({ id }));
      this.#leaving.delete(record.key);
      await ignoreExisting(leases.create({ id, labels: { [cacheLeaseLabel]: record.key } }));
      await leases.addResource({ id, resource: { type: 'content', id: layer.descriptor.digest } });
      await leases.addResource({ id, resource: { type: `snapshots/${this.#snapshotter}`, id: chainId } });
    }
    saveRecord(this.#folder, record);
    this.#records.set(record.key, record);
  }

  async remove(record: CacheRecord, { sync = false } = {}): Promise<void> {
    this.#records.delete(record.key);
    removeRecord(this.#folder, record.key);
    if (record.layer === undefined) return;
    if (this.#isNeeded(record.key)) this.#leaving.add(record.key);
    else await ignoreMissing(this.#containerd.leases.delete({ id: leaseOf(record), sync }));
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

const leaseOf = ({ key }: Pick<CacheRecord, 'key'>): string => `tlab-build-cache-${digestHex(key)}`;
