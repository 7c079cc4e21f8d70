// The content store: blobs by digest, one file each, shared between namespaces; which namespace has which blob, and its labels, is in
// the database. Rule: a file under blobs/ has exactly the bytes that its name says; it gets there by a rename after fsync, never otherwise.
// Its last record goes before it does: until the file is gone the blob counts as not there, and nobody can put it there anew.
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { asLabError, LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, isDigest, parseDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { Database } from '../metadata/database.ts';
import { type Fields, fieldsOf } from '../metadata/filter.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from '../metadata/labels.ts';
import { unlinkAll } from './unlink.ts';

export interface BlobInfo {
  digest: Digest;
  size: number;
  labels: Labels;
  createdMs: number;
  updatedMs: number;
}

interface Row {
  digest: Digest;
  size: number;
  labels: string;
  created: number;
  updated: number;
}

const infoOf = (row: Row): BlobInfo => ({
  digest: row.digest,
  size: row.size,
  labels: readLabels(row.labels),
  createdMs: row.created,
  updatedMs: row.updated,
});

const rootLabel = 'containerd.io/gc.root';
/** What a stream hands over at once. */
const chunkBytes = 1 << 20;

export class ContentStore {
  readonly root: string;
  readonly #database: Database;
  /** Files without a record that are being removed, each with a promise of that being over. */
  readonly #doomed = new Map<Digest, Promise<void>>();

  constructor(root: string, database: Database) {
    this.root = root;
    this.#database = database;
    for (const algorithm of ['sha256', 'sha512'])
      mkdirSync(`${root}/blobs/${algorithm}`, { recursive: true, mode: 0o700 });
  }

  /** Where the bytes of a digest are, or would be. */
  pathOf = (digest: Digest): string => `${this.root}/blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

  /** Errors: notFound, invalidArgument. */
  info(namespace: string, text: string): BlobInfo {
    const digest = parseDigest(text);
    const found = this.find(namespace, digest);
    if (found === undefined) throw new LabError('notFound', `content ${digest}: not found`);
    return found;
  }

  find(namespace: string, digest: string): BlobInfo | undefined {
    const row = this.#database.get<Row>('SELECT * FROM content WHERE namespace = ? AND digest = ?', namespace, digest);
    return row === undefined ? undefined : infoOf(row);
  }

  has(namespace: string, digest: Digest): boolean {
    return (
      this.#database.get('SELECT 1 FROM content WHERE namespace = ? AND digest = ?', namespace, digest) !== undefined
    );
  }

  list(namespace: string): BlobInfo[] {
    return this.#database.all<Row>('SELECT * FROM content WHERE namespace = ? ORDER BY digest', namespace).map(infoOf);
  }

  /** Digests in their order, beyond `after`. */
  page = (namespace: string, after: string, limit: number): Digest[] =>
    this.#database
      .all<{ digest: Digest }>(
        'SELECT digest FROM content WHERE namespace = ? AND digest > ? ORDER BY digest LIMIT ?',
        namespace,
        after,
        limit,
      )
      .map(({ digest }) => digest);

  /** What is labelled as a root of the collector. */
  labelledRoots = (namespace: string): Digest[] =>
    this.#database
      .all<Row>('SELECT * FROM content WHERE namespace = ? AND instr(labels, ?) > 0', namespace, rootLabel)
      .filter(({ labels }) => rootLabel in readLabels(labels))
      .map(({ digest }) => digest);

  /** Changes labels as a field mask says. Errors: notFound, invalidArgument. */
  update(namespace: string, change: { digest: string; labels: Labels; mask: readonly string[] | undefined }): BlobInfo {
    const current = this.info(namespace, change.digest);
    const labels = maskOf(change.mask, ['labels']).labels(current.labels, change.labels);
    this.#database.run(
      'UPDATE content SET labels = ?, updated = ? WHERE namespace = ? AND digest = ?',
      writeLabels(labels),
      Date.now(),
      namespace,
      current.digest,
    );
    return this.info(namespace, current.digest);
  }

  /** Forgets the namespace's claim; the file goes when no namespace has one. Errors: notFound. */
  async delete(namespace: string, text: string): Promise<void> {
    await this.release(namespace, [this.info(namespace, text).digest]);
  }

  /**
   * Forgets claims at once, all or none; resolves when the files that no namespace has a claim on any more are gone.
   * Errors: of unlink(2). Who does not look at the promise yet need not, and who waits for the name alone does not hear of them.
   */
  release(namespace: string, digests: readonly Digest[]): Promise<void> {
    const list = JSON.stringify(digests);
    const forgotten = this.#forget(namespace, list);
    for (const { digest, size } of forgotten) emit('containerd.blob-removed', { data: { namespace, digest, size } });
    const wanted = new Set(
      this.#database
        .all<{ digest: string }>(`SELECT digest FROM content WHERE digest IN (SELECT value FROM json_each(?))`, list)
        .map((row) => row.digest),
    );
    // What had no claim here is not looked at: its file may be another one's by the time that it would go.
    const orphans = forgotten.map(({ digest }) => digest).filter((digest) => !wanted.has(digest));
    const gone = unlinkAll(orphans.map(this.pathOf)).finally(() => {
      for (const digest of orphans) this.#doomed.delete(digest);
    });
    const settled = gone.catch(() => undefined);
    for (const digest of orphans) this.#doomed.set(digest, settled);
    return gone;
  }

  #forget(namespace: string, list: string): Array<{ digest: Digest; size: number }> {
    const which = 'namespace = ? AND digest IN (SELECT value FROM json_each(?))';
    try {
      return this.#database.all(`DELETE FROM content WHERE ${which} RETURNING digest, size`, namespace, list);
    } catch (error) {
      if (asLabError(error).kind !== 'resourceExhausted') throw error;
    }
    // On a full disk not even a record could be deleted: space first, then one by one, since only a DELETE of its own may use the
    // database's reserve. A record without its file goes at the next start.
    const rows = this.#database.all<Row>(`SELECT * FROM content WHERE ${which}`, namespace, list);
    for (const { digest } of rows) {
      const others = this.#database.get('SELECT 1 FROM content WHERE digest = ? AND namespace <> ?', digest, namespace);
      if (others === undefined) unlinkIfThere(this.pathOf(digest));
      this.#database.run('DELETE FROM content WHERE namespace = ? AND digest = ?', namespace, digest);
    }
    return rows;
  }

  /** Resolves when no file of that name is about to be removed: then another one may take its place, in the same turn. */
  async settled(digest: Digest): Promise<void> {
    for (let gone = this.#doomed.get(digest); gone !== undefined; gone = this.#doomed.get(digest)) await gone;
  }

  /** The bytes from `offset` on, at most `size` of them (0: all). Errors: notFound, invalidArgument. */
  async *read(namespace: string, range: { digest: string; offset: number; size: number }): AsyncGenerator<Buffer> {
    const { digest, size } = this.info(namespace, range.digest);
    if (range.offset < 0 || range.offset > size) {
      throw new LabError('invalidArgument', `reading ${digest}: offset ${range.offset}, the blob has ${size} bytes`);
    }
    const length = range.size > 0 ? Math.min(range.size, size - range.offset) : size - range.offset;
    if (length === 0) return;
    const stream = createReadStream(this.pathOf(digest), {
      start: range.offset,
      end: range.offset + length - 1,
      highWaterMark: chunkBytes,
    });
    yield* stream as AsyncIterable<Buffer>;
  }

  /** A small blob whole. Errors: notFound; resourceExhausted when it is larger than `limit`. */
  async readAll(namespace: string, digest: string, limit = 8 << 20): Promise<Buffer> {
    const info = this.info(namespace, digest);
    if (info.size > limit)
      throw new LabError(
        'resourceExhausted',
        `content ${digest}: ${info.size} bytes, at most ${limit} can be read at once`,
      );
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(namespace, { digest, offset: 0, size: 0 })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** True when the bytes are on disk, whichever namespace brought them, and stay there. */
  isOnDisk = (digest: Digest): boolean => !this.#doomed.has(digest) && existsSync(this.pathOf(digest));

  /** Gives a namespace a blob that is on disk. Labels are added to those that it has there already. */
  claim(namespace: string, digest: Digest, labels: Labels): BlobInfo {
    const { size } = statSync(this.pathOf(digest));
    const now = Date.now();
    this.#database.run(
      `INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET labels = json_patch(labels, excluded.labels), updated = excluded.updated`,
      namespace,
      digest,
      size,
      writeLabels(checkLabels(labels)),
      now,
      now,
    );
    return this.info(namespace, digest);
  }

  /** Start-up: files that no namespace has, and claims whose file is gone. Returns how many of both. */
  sweep(): number {
    const known = new Set(
      this.#database.all<{ digest: string }>('SELECT DISTINCT digest FROM content').map((row) => row.digest),
    );
    let swept = 0;
    for (const algorithm of ['sha256', 'sha512']) {
      for (const name of readdirSync(`${this.root}/blobs/${algorithm}`)) {
        const digest = `${algorithm}:${name}`;
        if (known.delete(digest) && isDigest(digest)) continue;
        rmSync(`${this.root}/blobs/${algorithm}/${name}`, { force: true, recursive: true });
        swept += 1;
      }
    }
    for (const digest of known) swept += this.#database.run('DELETE FROM content WHERE digest = ?', digest);
    return swept;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** What filters can ask of a blob. @source containerd content/adaptor.go */
export const blobFields = (info: BlobInfo): Fields =>
  fieldsOf({ digest: info.digest, size: String(info.size) }, info.labels);
