// One blob on its way from the upstream registry, for everybody who wants it: written once, read by many while it grows.
// Rule: the last byte is handed on only after the digest was found right, so no client ever gets a whole blob that is wrong.
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { asLabError, LabError } from '../../base/errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RegistryConnection } from '../connection.ts';
import { networkError } from '../http.ts';
import { backOffMs } from '../refusal.ts';
import { Tries } from '../tries.ts';
import { Refused } from './errors.ts';
import type { Store } from './store.ts';
import type { Upload, Uploads } from './uploads.ts';

export interface DownloadParts {
  connection: RegistryConnection;
  store: Store;
  uploads: Uploads;
  /** The repository's name there. */
  upstream: string;
  /** And here. */
  repository: string;
  digest: Digest;
}

const chunkBytes = 1 << 20;

export class Download {
  /** Known with the first answer. */
  readonly size: Promise<number>;
  /** The blob is here, and verified. */
  readonly done: Promise<void>;
  readonly #parts: DownloadParts;
  readonly #sized = Promise.withResolvers<number>();
  #sizeBytes = 0;
  #isDone = false;
  #error: unknown;
  #changed = Promise.withResolvers<void>();
  #upload: Upload | undefined;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
    this.size = this.#sized.promise;
    this.size.catch(() => undefined);
    this.done = this.#run();
  }

  /** The bytes as they arrive. Throws when they do not. */
  async *read({ start, end }: { start: number; end: number }): AsyncIterable<Uint8Array> {
    const file = await this.#file();
    try {
      for (let at = start; at <= end; ) {
        const readable = this.#isDone ? this.#sizeBytes : Math.min(this.#upload?.offset ?? 0, this.#sizeBytes - 1);
        const length = Math.min(readable, end + 1) - at;
        if (length <= 0) {
          if (this.#error !== undefined) throw this.#error;
          await this.#changed.promise;
          continue;
        }
        const { buffer, bytesRead } = await file.read(
          Buffer.allocUnsafe(Math.min(length, chunkBytes)),
          0,
          undefined,
          at,
        );
        if (bytesRead === 0) throw new LabError('dataLoss', `blob ${this.#parts.digest}: it ends at byte ${at}`);
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async #file(): Promise<FileHandle> {
    const { store, uploads, digest } = this.#parts;
    const there = () => open(store.blobPath(digest), 'r');
    if (this.#isDone || this.#upload === undefined) return there();
    return open(uploads.dataPath(this.#upload), 'r').catch(there);
  }

  async #run(): Promise<void> {
    const { uploads, repository, digest } = this.#parts;
    try {
      const upload = await uploads.begin(repository, 'the cache');
      this.#upload = upload;
      await uploads.take(
        upload,
        () => undefined,
        async () => {
          await this.#fetch(upload);
          await uploads.commit(upload, digest);
        },
      );
      this.#isDone = true;
    } catch (error) {
      this.#error = error;
      if (this.#upload !== undefined) await uploads.cancel(this.#upload);
      this.#sized.reject(error);
      throw error;
    } finally {
      this.#tell();
    }
  }

  async #fetch(upload: Upload): Promise<void> {
    const tries = new Tries(upload.offset, 'brought');
    for (;;) {
      try {
        await this.#fetchFrom(upload);
        return;
      } catch (thrown) {
        const error = asLabError(thrown);
        if (error.kind !== 'unavailable') throw error;
        await delay(backOffMs(tries.failed(error, upload.offset)));
      }
    }
  }

  async #fetchFrom(upload: Upload): Promise<void> {
    const { connection, upstream, digest, uploads } = this.#parts;
    const response = await connection.send({
      repository: upstream,
      path: `blobs/${digest}`,
      headers: upload.offset > 0 ? { range: `bytes=${upload.offset}-` } : {},
      expects: [200, 206],
      why: upload.offset > 0 ? `the rest of the blob, from byte ${upload.offset}` : 'the blob, for everybody who asks',
    });
    if (response.status === 200 && upload.offset > 0) await uploads.restart(upload);
    const length = Number(response.headers['content-length']);
    if (!Number.isSafeInteger(length)) {
      response.body.destroy();
      throw new LabError('dataLoss', `${response.url.host}: blob ${digest}: it says no length`);
    }
    this.#sizeBytes = upload.offset + length;
    this.#sized.resolve(this.#sizeBytes);
    await uploads.append(upload, this.#told(response.body), { mostBytes: this.#sizeBytes }).catch((error) => {
      throw error instanceof Refused ? error : networkError(response.url, error);
    });
    if (upload.offset < this.#sizeBytes) {
      throw new LabError('unavailable', `${response.url.host}: the connection ended after ${upload.offset} bytes`);
    }
  }

  /** Who waits is told after each chunk was written. */
  async *#told(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of body) {
      yield chunk;
      this.#tell();
    }
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
