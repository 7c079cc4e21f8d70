// This registry as a cache of another: what it has not got it fetches once, however many ask, and hands on while it arrives.
// A tag is asked about again when its answer is old; where the other registry cannot be reached, what is here goes on being served.

import { asLabError } from '../../base/errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';
import { RegistryClient } from '../client.ts';
import { type ClientOptions, RegistryConnection } from '../connection.ts';
import type { Endpoint } from '../hosts.ts';
import { type Referrer, referrersAt } from '../referrers.ts';
import type { ResolvedDocument } from '../source.ts';
import { tagsAt } from '../tags.ts';
import { StorageBound } from './bound.ts';
import { Download } from './download.ts';
import { Refused } from './errors.ts';
import { contentDigest, type Exchange, sendBytes, sendFile, type Upstream } from './exchange.ts';
import type { Store } from './store.ts';
import type { Uploads } from './uploads.ts';

export interface ProxyOptions {
  endpoint: Endpoint;
  /** How long a tag's answer is believed. */
  believeMs: number;
  /** What may be kept; beyond it the least recently asked for goes. */
  mostBytes?: number | undefined;
  client?: ClientOptions;
}

/** Answers about referrers that are remembered. */
const mostRemembered = 1000;

export class PullThrough implements Upstream {
  readonly #store: Store;
  readonly #uploads: Uploads;
  readonly #options: ProxyOptions;
  readonly #client: RegistryClient;
  readonly #connection: RegistryConnection;
  readonly #downloads = new Map<Digest, Download>();
  readonly #bound: StorageBound | undefined;
  readonly #referrers = new Map<string, { askedMs: number; found: Referrer[] }>();
  /** Questions that are under way: who asks the same waits for the same answer. */
  readonly #asked = new Map<string, Promise<Digest | undefined>>();

  constructor(store: Store, uploads: Uploads, options: ProxyOptions) {
    this.#store = store;
    this.#uploads = uploads;
    this.#options = options;
    this.#bound = options.mostBytes === undefined ? undefined : new StorageBound(store, options.mostBytes);
    this.#client = new RegistryClient(options.endpoint, options.client);
    this.#connection = new RegistryConnection(options.endpoint, options.client);
  }

  close(): void {
    this.#client.close();
    this.#connection.close();
  }

  /** The manifest's digest, once it is here. Undefined when neither registry has it. */
  findManifest(repository: string, named: { tag: string; digest?: never } | { digest: Digest; tag?: never }) {
    const key = `${repository} ${named.tag ?? named.digest}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const asking = (
      named.tag === undefined ? this.#byDigest(repository, named.digest) : this.#byTag(repository, named.tag)
    ).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }

  async #byDigest(repository: string, digest: Digest): Promise<Digest | undefined> {
    if ((await this.#store.manifestType(repository, digest)) !== undefined) return digest;
    const document = await ifFound(this.#client.resolve(this.#reference(repository, { tag: undefined, digest })));
    return document === undefined ? undefined : this.#keep(repository, document, undefined);
  }

  async #byTag(repository: string, tag: string): Promise<Digest | undefined> {
    const known = await this.#store.tagDigest(repository, tag);
    if (known !== undefined && Date.now() - known.writtenMs < this.#options.believeMs) return known.digest;
    const reference = this.#reference(repository, { tag, digest: undefined });
    try {
      const isSame = known !== undefined && (await this.#client.currentDigest(reference)) === known.digest;
      if (isSame) {
        await this.#store.writeTag(repository, tag, known.digest);
        return known.digest;
      }
      return await this.#keep(repository, await this.#client.resolve(reference), tag);
    } catch (thrown) {
      const error = asLabError(thrown);
      if (error.kind === 'notFound') {
        await this.#store.removeTag(repository, tag);
        return undefined;
      }
      // No answer says nothing about the tag: what is here is better than nothing.
      if (known !== undefined && ['unavailable', 'resourceExhausted'].includes(error.kind)) return known.digest;
      throw error;
    }
  }

  async #keep(repository: string, { descriptor, bytes }: ResolvedDocument, tag: string | undefined): Promise<Digest> {
    const { digest, mediaType } = descriptor;
    await this.#store.putManifest(repository, { bytes, digest, mediaType, tag });
    this.#grown();
    return digest;
  }

  /** It is asked for. */
  used = async (digest: Digest): Promise<void> => this.#bound?.used(digest);

  #grown(): void {
    // What was just fetched is the youngest: it stays unless it is larger than all that may be.
    void this.#bound?.keep().catch(() => undefined);
  }

  /** A blob that the repository has not got here. */
  async sendBlob(exchange: Exchange, digest: Digest): Promise<void> {
    const { repository, request } = exchange;
    const headers = { 'content-type': 'application/octet-stream', ...contentDigest(digest) };
    if ((await this.#store.storedSize(digest)) !== undefined) {
      await this.#store.linkBlob(repository, digest);
      await this.used(digest);
      const sizeBytes = (await this.#store.storedSize(digest)) ?? 0;
      return sendFile(exchange, { path: this.#store.blobPath(digest), sizeBytes, headers });
    }
    if (request.method === 'HEAD') {
      const sizeBytes = await this.#sizeThere(repository, digest);
      return sendBytes(exchange, { sizeBytes, headers, open: nothing });
    }
    const download = this.#download(repository, digest);
    const sizeBytes = await download.size;
    await sendBytes(exchange, { sizeBytes, headers, open: (range) => download.read(range) });
  }

  #download(repository: string, digest: Digest): Download {
    const known = this.#downloads.get(digest);
    if (known !== undefined) return known;
    const path = this.#reference(repository, { tag: undefined, digest }).path;
    const download = new Download({
      connection: this.#connection,
      store: this.#store,
      uploads: this.#uploads,
      upstream: path,
      repository,
      digest,
    });
    this.#downloads.set(digest, download);
    download.done
      .then(
        () => this.#grown(),
        () => undefined,
      )
      .finally(() => this.#downloads.delete(digest));
    return download;
  }

  async #sizeThere(repository: string, digest: Digest): Promise<number> {
    const { path } = this.#reference(repository, { tag: undefined, digest });
    const response = await this.#connection.send({
      method: 'HEAD',
      repository: path,
      path: `blobs/${digest}`,
      expects: [200, 404],
      why: 'how large is the blob',
    });
    response.body.resume();
    const length = Number(response.headers['content-length']);
    if (response.status === 404) throw new Refused('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
    if (!Number.isSafeInteger(length))
      throw new Refused('UNAVAILABLE', 'the upstream registry says no size', { status: 502 });
    return length;
  }

  /** Undefined when the other registry gives no answer: then those that are here count. */
  async tags(repository: string): Promise<string[] | undefined> {
    const { path } = this.#reference(repository, { tag: undefined, digest: undefined });
    return tagsAt(this.#connection, path).catch(() => undefined);
  }

  /** Asked of the other registry, and remembered as long as a tag; the last answer when there is none. Undefined when there never was one. */
  async referrers(repository: string, digest: Digest): Promise<Referrer[] | undefined> {
    const key = `${repository} ${digest}`;
    const known = this.#referrers.get(key);
    if (known !== undefined && Date.now() - known.askedMs < this.#options.believeMs) return known.found;
    const { path } = this.#reference(repository, { tag: undefined, digest });
    try {
      const found = await referrersAt(this.#connection, path, digest);
      this.#referrers.delete(key);
      this.#referrers.set(key, { askedMs: Date.now(), found });
      const [oldest] = this.#referrers.keys();
      if (this.#referrers.size > mostRemembered && oldest !== undefined) this.#referrers.delete(oldest);
      return found;
    } catch (thrown) {
      if (['unavailable', 'resourceExhausted'].includes(asLabError(thrown).kind)) return known?.found;
      throw thrown;
    }
  }

  /** Docker Hub's own images live below library/. */
  #reference(repository: string, named: Pick<Reference, 'tag' | 'digest'>): Reference {
    const domain = this.#options.endpoint.credentialsOf ?? this.#options.endpoint.origin.host;
    const isOfficial = domain === 'docker.io' && !repository.includes('/');
    return { domain, path: isOfficial ? `library/${repository}` : repository, ...named };
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {}

async function ifFound<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (asLabError(error).kind === 'notFound') return undefined;
    throw error;
  }
}
