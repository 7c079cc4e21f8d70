// A registry's pull side: OCI distribution 1.1 and Docker's registry API v2 alike. One client an endpoint and pull; it
// keeps the token and the connections until it is closed. Bytes of manifests are verified here, those of blobs by who takes them.
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { digestOf, isDigest, verifyDigest } from '../oci/digest.ts';
import { type Descriptor, largestDocumentBytes, parseManifestDocument } from '../oci/image.ts';
import { isIndexType, isManifestType, manifestAccept } from '../oci/media-types.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { authorize, parseChallenge } from './auth.ts';
import { trustedCertificates } from './certificates.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import type { Endpoint } from './hosts.ts';
import { type HttpOptions, type HttpResponse, HttpTransport, networkError, readBody } from './http.ts';
import type { ImageSource, ResolvedDocument } from './source.ts';

export interface ClientOptions {
  /** Who we are to the registry of this name; ~/.docker/config.json unless given. */
  credentials?: (domain: string) => Promise<Credentials | undefined>;
  signal?: AbortSignal | undefined;
  /** Authorities to trust for a host; trustedCertificates unless given. */
  certificates?: (host: string) => Promise<string[]>;
  connectTimeoutMs?: number;
  idleTimeoutMs?: number;
  /** Waits between tries; a test gives one that does not. */
  wait?: (ms: number) => Promise<void>;
}

const mostTries = 4;
const firstBackOffMs = 250;
/** A Retry-After beyond this is an error now rather than a pull that hangs. */
const longestWaitMs = 15_000;
const largestErrorBytes = 64 * 1024;

export class RegistryClient implements ImageSource {
  readonly kind = 'registry';
  readonly name: string;
  readonly isMirror: boolean;
  readonly #endpoint: Endpoint;
  readonly #options: ClientOptions;
  readonly #transport: HttpTransport;
  #credentials: Promise<Credentials | undefined> | undefined;
  /** scope → Authorization header. */
  readonly #authorizations = new Map<string, string>();

  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    this.name = endpoint.origin.host;
    this.isMirror = endpoint.isMirror;
    this.#endpoint = endpoint;
    this.#options = options;
    const certificates = () => (options.certificates ?? trustedCertificates)(endpoint.origin.host);
    const http: HttpOptions = { verify: endpoint.verify, signal: options.signal, certificates };
    if (options.connectTimeoutMs !== undefined) http.connectTimeoutMs = options.connectTimeoutMs;
    if (options.idleTimeoutMs !== undefined) http.idleTimeoutMs = options.idleTimeoutMs;
    this.#transport = new HttpTransport(http);
  }

  close(): void {
    this.#transport.close();
  }

  async resolve(reference: Reference): Promise<ResolvedDocument> {
    const what = formatReference(reference);
    const response = await this.#get(reference, `manifests/${reference.digest ?? reference.tag ?? 'latest'}`, {
      accept: manifestAccept.join(', '),
    });
    const bytes = await readBody(response, largestDocumentBytes);
    if (reference.digest !== undefined) verifyDigest(bytes, reference.digest, what);
    const told = response.headers['docker-content-digest'];
    if (typeof told === 'string' && isDigest(told)) verifyDigest(bytes, told, what);
    const { mediaType } = parseManifestDocument(bytes, mediaTypeOf(response), what);
    const digest = reference.digest ?? digestOf(bytes);
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  async document(reference: Reference, descriptor: Descriptor): Promise<Uint8Array> {
    const isManifest = isIndexType(descriptor.mediaType) || isManifestType(descriptor.mediaType);
    const path = `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
    const response = await this.#get(reference, path, { accept: isManifest ? descriptor.mediaType : '*/*' });
    const bytes = await readBody(response, largestDocumentBytes);
    verifyDigest(bytes, descriptor.digest, `${formatReference(reference)}: ${descriptor.mediaType}`);
    return bytes;
  }

  async blob(reference: Reference, descriptor: Descriptor, offset: number): Promise<AsyncIterable<Uint8Array>> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const response = await this.#get(reference, `blobs/${descriptor.digest}`, headers);
    // A server that does not know ranges sends everything again.
    return bodyFrom(response, response.status === 206 ? 0 : offset);
  }

  twin(reference: Reference, descriptor: Descriptor): string {
    const isManifest = isIndexType(descriptor.mediaType) || isManifestType(descriptor.mediaType);
    const url = this.#url(reference, `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`);
    const token = this.#authorizations.size > 0 ? ' -H "Authorization: Bearer $TOKEN"' : '';
    const accept = isManifest ? ` -H 'Accept: ${descriptor.mediaType}'` : '';
    return `curl -sSL${token}${accept} ${url}${isManifest ? '' : ' -o layer'}`;
  }

  #url(reference: Reference, path: string): URL {
    return new URL(`/v2/${reference.path}/${path}`, this.#endpoint.origin);
  }

  /** A successful answer, after as many tries as are worth it. */
  async #get(reference: Reference, path: string, headers: Record<string, string>): Promise<HttpResponse> {
    const url = this.#url(reference, path);
    if (this.#endpoint.isMirror) url.searchParams.set('ns', reference.domain);
    for (let tries = 1; ; tries++) {
      const response = await this.#authorized(reference, url, headers);
      if (response.status === 200 || response.status === 206) return response;
      const error = await this.#refusal(reference, response);
      const waitMs = retryAfterMs(response, tries);
      if (waitMs === undefined || tries === mostTries) throw error;
      await (this.#options.wait ?? ((ms: number) => delay(ms, undefined, { signal: this.#options.signal })))(waitMs);
    }
  }

  async #authorized(reference: Reference, url: URL, headers: Record<string, string>): Promise<HttpResponse> {
    const scope = `repository:${reference.path}:pull`;
    const known = this.#authorizations.get(scope);
    const first = await this.#transport.request({ url, headers: withAuthorization(headers, known) });
    if (first.status !== 401) return first;
    const challenge = parseChallenge(first.headers['www-authenticate']);
    if (challenge === undefined) return first;
    first.body.resume();
    const authorization = await authorize(challenge, {
      transport: this.#transport,
      host: this.name,
      isInsecure: !this.#endpoint.verify,
      credentials: await this.#ownCredentials(),
      scope,
    });
    this.#authorizations.set(scope, authorization);
    return this.#transport.request({ url, headers: withAuthorization(headers, authorization) });
  }

  #ownCredentials(): Promise<Credentials | undefined> {
    const domain = this.#endpoint.credentialsOf;
    if (domain === undefined) return Promise.resolve(undefined);
    this.#credentials ??= (this.#options.credentials ?? readCredentials)(domain);
    return this.#credentials;
  }

  /** What an answer that is no success means. @source oci-distribution error-codes */
  async #refusal(reference: Reference, response: HttpResponse): Promise<LabError> {
    const body = await readBody(response, largestErrorBytes).catch(() => Buffer.alloc(0));
    const said = messageOf(body);
    const { status } = response;
    const what = `${this.name}: ${reference.path}${reference.tag === undefined ? '' : `:${reference.tag}`}`;
    const suffix = said === undefined ? '' : `: ${said}`;
    if (status === 404) return new LabError('notFound', `${what}: not found${suffix}`);
    if (status === 401 || status === 403) {
      return new LabError('permissionDenied', `${what}: access is refused (${status})${suffix}`, {
        hint: `it may not exist or may need "docker login ${reference.domain}"`,
      });
    }
    if (status === 429) return new LabError('resourceExhausted', `${what}: too many requests (429)${suffix}`);
    return new LabError('unavailable', `${what}: status ${status}${suffix}`);
  }
}

const withAuthorization = (headers: Record<string, string>, authorization: string | undefined) =>
  authorization === undefined ? headers : { ...headers, authorization };

const mediaTypeOf = (response: HttpResponse): string | undefined =>
  response.headers['content-type']?.replace(/;.*$/, '').trim();

/** How long until another try; undefined when another would not help. @source RFC 9110 10.2.3 */
function retryAfterMs(response: HttpResponse, tries: number): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined;
  const header = response.headers['retry-after'];
  if (header === undefined) return firstBackOffMs * 2 ** (tries - 1);
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms <= longestWaitMs ? Math.max(ms, 0) : undefined;
}

function messageOf(body: Buffer): string | undefined {
  try {
    const [first] = JSON.parse(body.toString('utf8')).errors;
    const text = [first.code, first.message].filter((part) => typeof part === 'string').join(' ');
    return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300) || undefined;
  } catch {
    return undefined;
  }
}

async function* bodyFrom(response: HttpResponse, skipBytes: number): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      const rest = chunk.subarray(Math.min(skipBytes, chunk.length));
      skipBytes -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    throw networkError(response.url, error);
  }
}
