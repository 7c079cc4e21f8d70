// The content store: blobs by digest, one file each, shared between namespaces; which namespace has which blob, and its labels, is in
// the database. Rule: a file under blobs/ has exactly the bytes that its name says; it gets there by a rename after fsync, never otherwise.
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, isDigest, parseDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { Database } from '../metadata/database.ts';
import { type Fields, fieldsOf } from '../metadata/filter.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from '../metadata/labels.ts';

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

/** What a stream hands over at once. */
const chunkBytes = 1 << 20;

export class ContentStore {
  readonly root: string;
  readonly #database: Database;

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
    const row = this.#database.get<Row>('SELECT * FROM content WHERE namespace = ? AND digest = ?', namespace, digest);
    if (row === undefined) throw new LabError('notFound', `content ${digest}: not found`);
    return infoOf(row);
  }

  has(namespace: string, digest: Digest): boolean {
    return (
      this.#database.get('SELECT 1 FROM content WHERE namespace = ? AND digest = ?', namespace, digest) !== undefined
    );
  }

  list(namespace: string): BlobInfo[] {
    return this.#database.all<Row>('SELECT * FROM content WHERE namespace = ? ORDER BY digest', namespace).map(infoOf);
  }

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
  delete(namespace: string, text: string): void {
    const { digest, size } = this.info(namespace, text);
    const others = this.#database.get('SELECT 1 FROM content WHERE digest = ? AND namespace <> ?', digest, namespace);
    // Space first: on a full disk not even the record could be deleted. A record without its file goes at the next start.
    if (others === undefined) unlinkIfThere(this.pathOf(digest));
    this.#database.run('DELETE FROM content WHERE namespace = ? AND digest = ?', namespace, digest);
    emit('containerd.blob-removed', { data: { namespace, digest, size } });
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

  /** True when the bytes are on disk, whichever namespace brought them. */
  isOnDisk = (digest: Digest): boolean => existsSync(this.pathOf(digest));

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

/** One system call: rmSync takes more than twice as long, and a collection removes thousands. */
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
