// A registry's pull side: OCI distribution 1.1 and Docker's registry API v2 alike. One client an endpoint and pull; it
// keeps the token and the connections until it is closed. Bytes of manifests are verified here, those of blobs by who takes them.
import { LabError } from '../base/errors.ts';
import { type Digest, digestOf, isDigest, verifyDigest } from '../oci/digest.ts';
import { type Descriptor, largestDocumentBytes, parseManifestDocument } from '../oci/image.ts';
import { isIndexType, isManifestType, manifestAccept } from '../oci/media-types.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { type ClientOptions, RegistryConnection } from './connection.ts';
import type { Endpoint } from './hosts.ts';
import { type HttpResponse, networkError, readBody } from './http.ts';
import type { ImageSource, ResolvedDocument } from './source.ts';

export type { ClientOptions } from './connection.ts';

/** What every registry must take, and so all that any may send. @source oci-distribution pushing manifests */
export const largestManifestBytes = 4 * 1024 * 1024;

export class RegistryClient implements ImageSource {
  readonly kind = 'registry';
  readonly name: string;
  readonly isMirror: boolean;
  readonly #connection: RegistryConnection;

  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    this.name = endpoint.origin.host;
    this.isMirror = endpoint.isMirror;
    this.#connection = new RegistryConnection(endpoint, options);
  }

  close(): void {
    this.#connection.close();
  }

  async resolve(reference: Reference): Promise<ResolvedDocument> {
    const what = formatReference(reference);
    const name = reference.digest ?? reference.tag ?? 'latest';
    const response = await this.#get(reference, `manifests/${name}`, {
      headers: { accept: manifestAccept.join(', ') },
      why: `what does ${name} stand for`,
    });
    const bytes = await readBody(response, largestManifestBytes);
    if (reference.digest !== undefined) verifyDigest(bytes, reference.digest, what);
    const told = response.headers['docker-content-digest'];
    if (typeof told === 'string' && isDigest(told)) verifyDigest(bytes, told, what);
    const { mediaType } = parseManifestDocument(bytes, mediaTypeOf(response), what);
    const digest = reference.digest ?? digestOf(bytes);
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  /** What the name stands for now, without its bytes; undefined when the registry does not say. Errors: as resolve. */
  async currentDigest(reference: Reference): Promise<Digest | undefined> {
    const name = reference.digest ?? reference.tag ?? 'latest';
    const response = await this.#get(reference, `manifests/${name}`, {
      method: 'HEAD',
      headers: { accept: manifestAccept.join(', ') },
      why: `does ${name} still stand for the same`,
    });
    response.body.resume();
    const told = response.headers['docker-content-digest'];
    return typeof told === 'string' && isDigest(told) ? told : undefined;
  }

  async document(reference: Reference, descriptor: Descriptor): Promise<Uint8Array> {
    const isManifest = isIndexType(descriptor.mediaType) || isManifestType(descriptor.mediaType);
    const path = `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
    const response = await this.#get(reference, path, {
      headers: { accept: isManifest ? descriptor.mediaType : '*/*' },
      why: isManifest ? 'the manifest for this platform' : "the image's config",
    });
    const bytes = await readBody(response, isManifest ? largestManifestBytes : largestDocumentBytes);
    const what = `${formatReference(reference)}: ${descriptor.mediaType}`;
    verifyDigest(bytes, descriptor.digest, what);
    if (bytes.length !== descriptor.size) {
      throw new LabError(
        'dataLoss',
        `${what}: ${bytes.length} bytes, the document that names it says ${descriptor.size}`,
      );
    }
    return bytes;
  }

  async blob(reference: Reference, descriptor: Descriptor, offset: number): Promise<AsyncIterable<Uint8Array>> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const why = offset > 0 ? `the rest of the blob, from byte ${offset}` : 'the blob';
    const response = await this.#get(reference, `blobs/${descriptor.digest}`, { headers, why });
    checkLength(response, { descriptor, offset });
    // A server that does not know ranges sends everything again.
    return bodyFrom(response, response.status === 206 ? 0 : offset);
  }

  twin(reference: Reference, descriptor: Descriptor): string {
    const isManifest = isIndexType(descriptor.mediaType) || isManifestType(descriptor.mediaType);
    const path = `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
    const url = this.#connection.url({ repository: reference.path, path });
    const token = this.#connection.isAuthorized ? ' -H "Authorization: Bearer $TOKEN"' : '';
    const accept = isManifest ? ` -H 'Accept: ${descriptor.mediaType}'` : '';
    return `curl -sSL${token}${accept} ${url}${isManifest ? '' : ' -o layer'}`;
  }

  #get(
    reference: Reference,
    path: string,
    more: { method?: 'GET' | 'HEAD'; headers: Record<string, string>; why: string },
  ): Promise<HttpResponse> {
    const query: Record<string, string> = this.isMirror ? { ns: reference.domain } : {};
    const what = reference.path + (reference.tag === undefined ? '' : `:${reference.tag}`);
    return this.#connection.send({ repository: reference.path, path, query, ...more, what, expects: [200, 206] });
  }
}

const mediaTypeOf = (response: HttpResponse): string | undefined =>
  response.headers['content-type']?.replace(/;.*$/, '').trim();

/** A range that was not asked for, or a length that cannot be, is refused before a byte is written. */
function checkLength(response: HttpResponse, { descriptor, offset }: { descriptor: Descriptor; offset: number }): void {
  const refuse = (said: string) => {
    response.body.destroy();
    return new LabError('dataLoss', `${response.url.host}: blob ${descriptor.digest}: ${said}`);
  };
  const { status, headers } = response;
  const range = headers['content-range'];
  if (status === 206 && offset === 0) throw refuse('it sends a part, the whole was asked for');
  const first = /^bytes (\d+)-/.exec(range ?? '')?.[1];
  if (status === 206 && first !== undefined && Number(first) !== offset) {
    throw refuse(`it sends bytes from ${first} on, ${offset} was asked for`);
  }
  const expected = descriptor.size - (status === 206 ? offset : 0);
  const length = headers['content-length'];
  if (length !== undefined && headers['content-encoding'] === undefined && Number(length) > expected) {
    throw refuse(`it announces ${length} bytes, more than the ${descriptor.size} bytes that were promised`);
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
