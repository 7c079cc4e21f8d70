// What the registry contract asks by: plain HTTP and the steps that many behaviours begin with.
import assert from 'node:assert/strict';
import { digestOf } from '../../../src/oci/digest.ts';

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
};

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  bytes: Buffer;
}

export interface Ask {
  headers?: Record<string, string>;
  body?: Uint8Array | string;
}

export interface Described {
  mediaType: string;
  digest: string;
  size: number;
}

/** A registry, and a repository of one behaviour's own. */
export class Repository {
  readonly url: string;
  readonly name: string;

  constructor(url: string, name: string) {
    this.url = url;
    this.name = name;
  }

  another = (suffix: string): Repository => new Repository(this.url, `${this.name}-${suffix}`);

  async ask(method: string, path: string, { headers = {}, body }: Ask = {}): Promise<Answer> {
    const url = path.startsWith('http')
      ? path
      : `${this.url}${path.startsWith('/') ? path : `/v2/${this.name}/${path}`}`;
    const more = body === undefined ? {} : { body: body as string };
    const response = await fetch(url, { method, redirect: 'manual', headers, ...more });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
  }

  /** Absolute, with the digest when there is one. */
  placeOf({ headers }: Answer, digest?: string): string {
    const place = new URL(headers.get('location') ?? assert.fail('no Location'), this.url);
    if (digest !== undefined) place.searchParams.set('digest', digest);
    return place.href;
  }

  begin = async (): Promise<Answer> => {
    const begun = await this.ask('POST', 'blobs/uploads/');
    assert.equal(begun.status, 202);
    return begun;
  };

  part(place: string, bytes: Buffer, from: number): Promise<Answer> {
    const range = `${from}-${from + bytes.length - 1}`;
    return this.ask('PATCH', place, {
      body: bytes,
      headers: { 'content-type': 'application/octet-stream', 'content-range': range },
    });
  }

  async blob(content: string | Buffer, mediaType = types.layer): Promise<Described> {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    const put = await this.ask('PUT', this.placeOf(await this.begin(), digest), { body: bytes });
    assert.equal(put.status, 201, put.text);
    return { mediaType, digest, size: bytes.length };
  }

  /** The bytes of a manifest whose blobs are there. */
  async manifest(text: string, more: object = {}): Promise<Buffer> {
    const config = await this.blob(`{"of":"${text}"}`, types.config);
    const layers = [await this.blob(text)];
    return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config, layers, ...more }));
  }

  put(reference: string, body: Buffer, type = types.manifest): Promise<Answer> {
    return this.ask('PUT', `manifests/${reference}`, { body, headers: { 'content-type': type } });
  }

  /** A manifest that is there, by tag or by its digest. */
  async pushed(text: string, { tag, ...more }: { tag?: string } & Record<string, unknown> = {}): Promise<Described> {
    const bytes = await this.manifest(text, more);
    const described = { mediaType: types.manifest, digest: digestOf(bytes), size: bytes.length };
    const put = await this.put(tag ?? described.digest, bytes);
    assert.equal(put.status, 201, put.text);
    return described;
  }

  get = (reference: string): Promise<Answer> =>
    this.ask('GET', `manifests/${reference}`, { headers: { accept: `${types.manifest}, ${types.index}` } });

  tags = async (query = ''): Promise<string[]> =>
    JSON.parse((await this.ask('GET', `tags/list${query}`)).text).tags ?? [];

  referrers = async (
    digest: string,
    query = '',
  ): Promise<Array<Described & { artifactType?: string; annotations?: object }>> => {
    const answer = await this.ask('GET', `referrers/${digest}${query}`);
    assert.equal(answer.status, 200);
    return JSON.parse(answer.text).manifests;
  };
}

/** The code of an error in the specification's form. */
export function codeOf({ text }: Answer): string {
  const { errors } = JSON.parse(text) as { errors: Array<{ code: string }> };
  return errors[0]?.code ?? '';
}

/** Status and code; some codes leave a choice. */
export function refused(answer: Answer, statuses: number | number[], codes: string | string[]): void {
  assert.ok([statuses].flat().includes(answer.status), `status ${answer.status}: ${answer.text}`);
  assert.ok([codes].flat().includes(codeOf(answer)), answer.text);
}
