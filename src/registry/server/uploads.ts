// Blobs on their way in: uploads/ID/ has the bytes so far (data) and whose they are (repository). They outlive the server, so a client
// may go on after either side was killed; nobody came back within a day: gone.
// Rule: one writer an upload. A second one takes over from the first, whose connection is dead more often than not; but when an upload is
// being kept or removed, that is its end, and whoever comes after it finds none: the file may be a blob by then.
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import { Refused } from './errors.ts';
import { ifThere, readText } from './files.ts';
import { whoGivesWay } from './places.ts';
import type { Store } from './store.ts';

const staleMs = 24 * 3600 * 1000;

export interface Upload {
  id: string;
  repository: string;
  offset: number;
  /** sha256 of the bytes so far, when this process saw all of them. */
  hash: Hash | undefined;
  /** Ends the writer that is at it. */
  stop: (() => void) | undefined;
  busy: Promise<unknown>;
  /** Who began it; nobody after a start of the server. */
  client: string;
  touchedMs: number;
  takers: number;
  /** It was kept or removed. */
  isOver: boolean;
}

const nobody = '';
const fresh = () => ({
  ...{ stop: undefined, busy: Promise.resolve(), isOver: false, takers: 0 },
  touchedMs: Date.now(),
});

export class Uploads {
  readonly #store: Store;
  readonly #open = new Map<string, Upload>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Takes up those that the last server left, and removes those that nobody came back for. */
  async sweep(): Promise<void> {
    for (const id of await readdir(this.#root)) {
      const upload = this.#open.get(id) ?? (await this.#load(id));
      if (upload === undefined) await this.#forget(id);
      else if (upload.takers === 0 && Date.now() - upload.touchedMs >= staleMs) await this.cancel(upload);
    }
  }

  /** Errors: TOOMANYREQUESTS when there is no place, and none of those that are open gives way. */
  async begin(repository: string, client: string): Promise<Upload> {
    const open = [...this.#open.values()].filter(({ isOver }) => !isOver);
    const gone = whoGivesWay(open, client, Date.now());
    const id = randomUUID();
    const upload: Upload = { id, repository, offset: 0, hash: createHash('sha256'), client, ...fresh() };
    // In one turn: who begins at the same time finds the place taken.
    this.#open.set(id, upload);
    try {
      if (gone !== undefined) await this.cancel(gone);
      await mkdir(`${this.#root}/${id}`, { mode: 0o700 });
      await writeFile(`${this.#root}/${id}/data`, '', { mode: 0o600 });
      await writeFile(`${this.#root}/${id}/repository`, repository, { mode: 0o600 });
    } catch (error) {
      await this.cancel(upload);
      throw error;
    }
    return upload;
  }

  async #load(id: string): Promise<Upload | undefined> {
    const repository = await readText(`${this.#root}/${id}/repository`);
    const data = await ifThere(stat(`${this.#root}/${id}/data`));
    if (repository === undefined || data === undefined || this.#open.has(id)) return this.#open.get(id);
    const hash = data.size === 0 ? createHash('sha256') : undefined;
    const upload = { id, repository, offset: data.size, hash, client: nobody, ...fresh(), touchedMs: data.mtimeMs };
    this.#open.set(id, upload);
    return upload;
  }

  /** Errors: BLOB_UPLOAD_UNKNOWN. */
  async find(id: string, repository: string): Promise<Upload> {
    const upload = this.#open.get(id);
    if (upload?.repository !== repository) throw unknown(id, repository);
    upload.touchedMs = Date.now();
    return upload;
  }

  /** Takes the upload for itself: interrupts another writer, and waits until that has let go. Errors: BLOB_UPLOAD_UNKNOWN when it is over then. */
  async take<T>(upload: Upload, interrupt: () => void, work: () => Promise<T>): Promise<T> {
    upload.stop?.();
    upload.stop = interrupt;
    upload.takers++;
    const done = upload.busy.then(() => {
      if (upload.isOver) throw unknown(upload.id, upload.repository);
      return work();
    });
    upload.busy = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      upload.takers--;
      upload.touchedMs = Date.now();
      if (upload.stop === interrupt) upload.stop = undefined;
    }
  }

  /** Appends what comes; what came before a break is kept. Errors: SIZE_INVALID beyond `mostBytes`. */
  async append(upload: Upload, body: AsyncIterable<Buffer>, { mostBytes }: { mostBytes: number }): Promise<void> {
    const file = await open(this.dataPath(upload), 'r+');
    try {
      for await (const chunk of body) {
        if (upload.offset + chunk.length > mostBytes) {
          throw new Refused('SIZE_INVALID', `a blob of more than ${mostBytes} bytes is not taken`);
        }
        await writeAll(file, chunk, upload);
      }
    } finally {
      await file.close();
    }
  }

  /** Makes the blob visible in its repository, for whoever has taken the upload. Errors: DIGEST_INVALID; the upload is then gone. */
  async commit(upload: Upload, digest: Digest): Promise<void> {
    // Nobody interrupts it from here on.
    upload.stop = undefined;
    // A disk that was full may have taken a part of a piece that does not count.
    await truncate(this.dataPath(upload), upload.offset);
    const found = await this.#digestOf(upload, digest);
    if (found !== digest) {
      await this.cancel(upload);
      throw new Refused(
        'DIGEST_INVALID',
        `the ${upload.offset} bytes have the digest ${found}, ${digest} was announced`,
      );
    }
    const file = await open(this.dataPath(upload), 'r+');
    await file.sync().finally(() => file.close());
    upload.isOver = true;
    await this.#store.linkBlob(upload.repository, digest, () =>
      rename(this.dataPath(upload), this.#store.blobPath(digest)),
    );
    await this.cancel(upload);
  }

  async cancel(upload: Upload): Promise<void> {
    upload.isOver = true;
    await this.#forget(upload.id);
  }

  /** Back to nothing: what a proxy does with bytes that were wrong. */
  async restart(upload: Upload): Promise<void> {
    await truncate(this.dataPath(upload), 0);
    Object.assign(upload, { offset: 0, hash: createHash('sha256') });
  }

  dataPath = (upload: Upload): string => `${this.#root}/${upload.id}/data`;

  async #digestOf(upload: Upload, like: Digest): Promise<string> {
    const algorithm = digestAlgorithm(like);
    if (algorithm === 'sha256' && upload.hash !== undefined) return `sha256:${upload.hash.copy().digest('hex')}`;
    const hash = createHash(algorithm);
    for await (const chunk of createReadStream(this.dataPath(upload), { highWaterMark: 1 << 20 })) hash.update(chunk);
    return `${algorithm}:${hash.digest('hex')}`;
  }

  async #forget(id: string): Promise<void> {
    await rm(`${this.#root}/${id}`, { recursive: true, force: true });
    this.#open.delete(id);
  }

  get #root(): string {
    return `${this.#store.root}/uploads`;
  }
}

const unknown = (id: string, repository: string): Refused =>
  new Refused('BLOB_UPLOAD_UNKNOWN', `upload ${id.slice(0, 40)}: there is none in ${repository}`);

async function writeAll(file: FileHandle, chunk: Buffer, upload: Upload): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at, upload.offset + at);
    at += bytesWritten;
  }
  upload.hash?.update(chunk);
  upload.offset += chunk.length;
}
