// One request and its answer, as the handlers see them, and how bytes are sent: with ranges, and through the faults of a lesson.
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../../oci/digest.ts';
import type { Referrer } from '../referrers.ts';
import { Refused } from './errors.ts';
import type { BodyFault } from './faults.ts';
import type { Store } from './store.ts';
import type { Uploads } from './uploads.ts';

/** Another registry that this one is a cache of: pull-through.ts. */
export interface Upstream {
  /** The manifest's digest, once it is here. Undefined when neither registry has it. */
  findManifest(
    repository: string,
    named: { tag: string; digest?: never } | { digest: Digest; tag?: never },
  ): Promise<Digest | undefined>;
  /** A blob that the repository has not got here. */
  sendBlob(exchange: Exchange, digest: Digest): Promise<void>;
  /** Undefined when the other registry gives no answer: then those that are here count. */
  tags(repository: string): Promise<string[] | undefined>;
  /** Undefined as above. */
  referrers(repository: string, digest: Digest): Promise<Referrer[] | undefined>;
  /** What is here and is asked for: it stays longest. */
  used(digest: Digest): Promise<void>;
}

export interface Parts {
  store: Store;
  uploads: Uploads;
  limits: Limits;
  /** Set when this registry is a cache of another. */
  proxy: Upstream | undefined;
}

export interface Limits {
  blobBytes: number;
  manifestBytes: number;
  /** At a time; more are told to come back. */
  requests: number;
}

export interface Exchange extends Parts {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** Of the path; empty where it has none. */
  repository: string;
  /** The user, or the address of who has not logged in. */
  client: string;
  /** What else the path names: a digest, a tag, an upload's id. */
  rest: string;
  /** Set by --fault for this request. */
  fault: BodyFault | undefined;
}

export const contentDigest = (digest: Digest): Record<string, string> => ({ 'docker-content-digest': digest });

export function sendEmpty(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(status, { 'content-length': 0, ...headers });
  response.end();
}

export function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

interface Range {
  start: number;
  /** Inclusive. */
  end: number;
}

/** One range; anything else is as if none was asked for. Errors: RANGE_INVALID beyond the end. @source RFC 9110 14.2 */
export function rangeOf(header: string | undefined, sizeBytes: number): Range | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start <= end) return { start, end };
  throw new Refused('RANGE_INVALID', `bytes ${first}-${last}: there are ${sizeBytes}`, {
    headers: { 'content-range': `bytes */${sizeBytes}` },
  });
}

/** A file of the store as the answer: whole or the range that was asked for, without its bytes for HEAD. */
export async function sendFile(
  { request, response, fault }: Exchange,
  file: { path: string; sizeBytes: number; headers: Record<string, string> },
): Promise<void> {
  const { path, sizeBytes } = file;
  const open = (range: Range) => createReadStream(path, { ...range, highWaterMark: 1 << 20 });
  await sendBytes({ request, response, fault }, { sizeBytes, headers: file.headers, open });
}

export async function sendBytes(
  { request, response, fault }: Pick<Exchange, 'request' | 'response' | 'fault'>,
  what: { sizeBytes: number; headers: Record<string, string>; open: (range: Range) => AsyncIterable<Uint8Array> },
): Promise<void> {
  const { sizeBytes, open } = what;
  const isHead = request.method === 'HEAD';
  const range = isHead ? undefined : rangeOf(request.headers.range, sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  const length = end - start + 1;
  response.writeHead(range === undefined ? 200 : 206, {
    ...what.headers,
    'accept-ranges': 'bytes',
    'content-length': length + (isHead ? 0 : (fault?.addedLength ?? 0)),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
  });
  if (isHead || length === 0) {
    response.end();
    return;
  }
  const bytes = open({ start, end });
  await pipeline(fault === undefined ? bytes : fault.apply(bytes, response), response);
}
