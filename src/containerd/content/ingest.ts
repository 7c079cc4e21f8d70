// Ingests: blobs on their way in, by reference. `ingest/<sha256 of namespace and reference>/` has the bytes so far (data) and what is
// known of them (state.json), so that a client may go on after either side died.
// Rule: at most one writer for a reference; a blob becomes visible only after its digest and size were found right.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';
import { inContext, LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, parseDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { Labels } from '../metadata/labels.ts';
import type { BlobInfo, ContentStore } from './store.ts';

const longestReference = 4096;
/** Leftovers of clients that never came back. @source containerd metadata/content.go: ingests expire after a day */
const staleMs = 24 * 3600 * 1000;

const stateSchema = v.object({
  namespace: v.string(),
  ref: v.string(),
  total: v.number(),
  expected: v.string(),
  startedMs: v.number(),
});
type State = v.InferOutput<typeof stateSchema>;

export interface IngestStatus extends State {
  offset: number;
  updatedMs: number;
}

export interface IngestRequest {
  ref: string;
  total?: number;
  /** Empty when the client does not know yet. */
  expected?: string;
  /** Puts a blob that is there already under its writer's lease. @source containerd metadata/content.go Writer: addContentLease */
  hold?: ((digest: Digest) => void) | undefined;
}

export class Ingests {
  readonly #folder: string;
  readonly #content: ContentStore;
  /** Folders that somebody writes to, each with a promise of being let go. */
  readonly #open = new Map<string, PromiseWithResolvers<void>>();

  constructor(content: ContentStore) {
    this.#content = content;
    this.#folder = `${content.root}/ingest`;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Opens a reference for writing, at its end when there are bytes already.
   * Errors: alreadyExists when the namespace gets or has the expected blob; unavailable when another writer has it open.
   */
  async open(namespace: string, request: IngestRequest): Promise<Ingest> {
    checkReference(request.ref);
    const expected =
      request.expected === undefined || request.expected === '' ? undefined : parseDigest(request.expected);
    if (expected !== undefined && this.#content.isOnDisk(expected)) {
      if (!this.#content.has(namespace, expected)) this.#content.claim(namespace, expected, {});
      request.hold?.(expected);
      throw new LabError('alreadyExists', `content ${expected}: already exists`);
    }
    const folder = this.#folderOf(namespace, request.ref);
    if (this.#open.has(folder)) throw new LabError('unavailable', `ref ${request.ref} locked: unavailable`);
    const held = Promise.withResolvers<void>();
    this.#open.set(folder, held);
    const release = () => {
      this.#open.delete(folder);
      held.resolve();
    };
    try {
      const state = enter(folder, {
        namespace,
        ref: request.ref,
        total: request.total ?? 0,
        expected: expected ?? '',
        startedMs: Date.now(),
      });
      return await Ingest.open({ folder, state, content: this.#content, release });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Resolves when nobody writes to the reference any more. */
  async released(namespace: string, ref: string): Promise<void> {
    await this.#open.get(this.#folderOf(namespace, ref))?.promise;
  }

  /** Errors: notFound. */
  status(namespace: string, ref: string): IngestStatus {
    const status = readStatus(this.#folderOf(namespace, checkReference(ref)));
    if (status === undefined) throw new LabError('notFound', `ingest "${ref}": not found`);
    return status;
  }

  list(namespace: string): IngestStatus[] {
    return readdirSync(this.#folder)
      .map((name) => readStatus(`${this.#folder}/${name}`))
      .filter((status) => status !== undefined)
      .filter((status) => status.namespace === namespace);
  }

  /** Throws the bytes away. Errors: notFound, unavailable while somebody writes. */
  abort(namespace: string, ref: string): void {
    const folder = this.#folderOf(namespace, checkReference(ref));
    if (!existsSync(folder)) throw new LabError('notFound', `ingest "${ref}": not found`);
    if (this.#open.has(folder)) throw new LabError('unavailable', `ref ${ref} locked: unavailable`);
    rmSync(folder, { recursive: true, force: true });
  }

  /** Start-up: what no client came back for within a day, or what is not an ingest at all. */
  sweep(): number {
    const stale = readdirSync(this.#folder).filter((name) => {
      const status = readStatus(`${this.#folder}/${name}`);
      return status === undefined || Date.now() - status.updatedMs > staleMs;
    });
    for (const name of stale) rmSync(`${this.#folder}/${name}`, { recursive: true, force: true });
    return stale.length;
  }

  #folderOf = (namespace: string, ref: string): string =>
    `${this.#folder}/${createHash('sha256').update(`${namespace}\0${ref}`).digest('hex')}`;
}

function checkReference(ref: string): string {
  if (ref === '') throw new LabError('invalidArgument', 'ingest: first message must have a reference');
  if (ref.length > longestReference)
    throw new LabError(
      'invalidArgument',
      `ingest reference: ${ref.length} characters, at most ${longestReference} are allowed`,
    );
  return ref;
}

function enter(folder: string, fresh: State): State {
  const known = readStatus(folder);
  if (known !== undefined) return known;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(`${folder}/data`, '', { mode: 0o600 });
  writeFileSync(`${folder}/state.json`, JSON.stringify(fresh), { mode: 0o600 });
  return fresh;
}

function readStatus(folder: string): IngestStatus | undefined {
  try {
    const state = v.parse(stateSchema, JSON.parse(readFileSync(`${folder}/state.json`, 'utf8')));
    const { size, mtimeMs } = statSync(`${folder}/data`);
    return { ...state, offset: size, updatedMs: Math.floor(mtimeMs) };
  } catch {
    return undefined;
  }
}

interface IngestParts {
  folder: string;
  state: State;
  content: ContentStore;
  release: () => void;
}

export interface Commitment {
  labels: Labels;
  /** Puts the blob under the maker's lease. */
  hold?: ((digest: Digest) => void) | undefined;
}

/** One open ingest. Exactly one of `commit`, `close` ends it. */
export class Ingest {
  readonly state: State;
  readonly #parts: IngestParts;
  readonly #file: FileHandle;
  #hash = createHash('sha256');
  #offset = 0;
  #isClosed = false;

  private constructor(parts: IngestParts, file: FileHandle) {
    this.#parts = parts;
    this.state = parts.state;
    this.#file = file;
  }

  static async open(parts: IngestParts): Promise<Ingest> {
    const ingest = new Ingest(parts, await open(`${parts.folder}/data`, 'r+'));
    ingest.#hash = createHash(algorithmOf(parts.state));
    for await (const chunk of createReadStream(`${parts.folder}/data`) as AsyncIterable<Buffer>) {
      ingest.#hash.update(chunk);
      ingest.#offset += chunk.length;
    }
    return ingest;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Of the bytes so far. */
  digest(): Digest {
    return `${algorithmOf(this.state)}:${this.#hash.copy().digest('hex')}`;
  }

  /** Errors: resourceExhausted when the disk is full; the bytes before stay. */
  async write(data: Uint8Array): Promise<void> {
    const { ref, expected, total } = this.state;
    try {
      // A disk that is almost full takes a part, and says so only by how much.
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await this.#file.write(data, done, data.length - done, this.#offset + done);
        done += bytesWritten;
      }
    } catch (error) {
      const size = total > 0 ? ` of ${total}` : '';
      throw inContext(`storing ${expected || `"${ref}"`} after ${this.#offset}${size} bytes`, error);
    }
    this.#hash.update(data);
    this.#offset += data.length;
  }

  /** Back to nothing. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash(algorithmOf(this.state));
    this.#offset = 0;
  }

  /**
   * Makes the blob visible in the ingest's namespace.
   * Errors: dataLoss when size or digest are others than expected; the bytes are then thrown away.
   */
  async commit({ labels, hold, ...expectation }: Commitment & { total: number; expected: string }): Promise<BlobInfo> {
    const digest = this.digest();
    const problem = this.#mismatch(digest, expectation);
    if (problem !== undefined) {
      await this.close({ discard: true });
      throw new LabError('dataLoss', problem);
    }
    return await this.#store(digest, { labels, hold });
  }

  /** The file itself, for a program that writes all of the blob and hashes it on the way: then `commitFilled`. */
  get descriptor(): number {
    return this.#file.fd;
  }

  /** As `commit`, of what another program wrote and hashed. Errors: dataLoss when the file has another size. */
  async commitFilled(filled: { digest: Digest; size: number }, commitment: Commitment): Promise<BlobInfo> {
    const { size } = await this.#file.stat();
    if (size !== filled.size) {
      await this.close({ discard: true });
      throw new LabError('dataLoss', `ingest "${this.state.ref}": ${size} bytes, ${filled.size} were written`);
    }
    return await this.#store(filled.digest, commitment);
  }

  /** On a full disk there may be room for the file and none for its record: a file that nobody has a record of goes again. */
  #claim(digest: Digest, { labels, hold }: Commitment, wasThere: boolean): BlobInfo {
    try {
      hold?.(digest);
      return this.#parts.content.claim(this.state.namespace, digest, labels);
    } catch (error) {
      if (!wasThere) rmSync(this.#parts.content.pathOf(digest), { force: true });
      throw error;
    }
  }

  async #store(digest: Digest, { labels, hold }: Commitment): Promise<BlobInfo> {
    await this.#file.sync();
    await this.#parts.content.settled(digest);
    // In one turn: a collection in between would take the file, or the blob that nobody holds yet.
    const path = this.#parts.content.pathOf(digest);
    const wasThere = existsSync(path);
    renameSync(`${this.#parts.folder}/data`, path);
    const info = this.#claim(digest, { labels, hold }, wasThere);
    await this.close({ discard: true });
    emit('containerd.blob-committed', {
      data: { namespace: this.state.namespace, ref: this.state.ref, digest, size: info.size, path },
      twin: `${digestAlgorithm(digest)}sum ${path}`,
    });
    return info;
  }

  /** Lets go of the reference; the bytes stay for a later writer unless `discard`. */
  async close(options: { discard?: boolean } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
    if (options.discard) rmSync(this.#parts.folder, { recursive: true, force: true });
    this.#parts.release();
  }

  #mismatch(digest: Digest, { total, expected }: { total: number; expected: string }): string | undefined {
    if (total > 0 && total !== this.#offset)
      return `ingest "${this.state.ref}": ${this.#offset} bytes, expected ${total}`;
    if (expected !== '' && expected !== digest)
      return `ingest "${this.state.ref}": its digest is ${digest}, expected ${expected}`;
    return undefined;
  }
}

const algorithmOf = (state: State) => (state.expected === '' ? 'sha256' : digestAlgorithm(parseDigest(state.expected)));
