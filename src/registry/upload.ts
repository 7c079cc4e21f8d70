// One blob to a registry: asked for first (HEAD), lent by another repository where it can be (mount), sent otherwise.
//
//   HEAD blobs/D            200 → it is there
//   POST blobs/uploads/?mount=D&from=R    201 → lent     202 → Location: an upload begins
//   PUT Location?digest=D   (small: with all bytes)      PATCH Location (large: a part each) … PUT Location?digest=D
//
// A broken upload goes on where the registry says that it stands (GET Location → Range), or from the start in a new one.
// Rule: an upload is done only when the registry says 201 to the digest.
import { setTimeout as delay } from 'node:timers/promises';
import { asLabError, LabError } from '../base/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/image.ts';
import type { RegistryConnection } from './connection.ts';
import type { ContentSource } from './content-source.ts';
import type { HttpBody, HttpResponse } from './http.ts';
import { backOffMs } from './refusal.ts';
import { Tries } from './tries.ts';

export interface UploadContext {
  connection: RegistryConnection;
  /** `team/app` */
  repository: string;
  content: ContentSource;
  /** Larger blobs go in parts of this size; defaultChunkBytes unless given. */
  chunkBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  wait?: ((ms: number) => Promise<void>) | undefined;
}

export type UploadOutcome =
  | { kind: 'there' }
  | { kind: 'mounted'; from: string }
  | { kind: 'uploaded'; durationMs: number; resumes: number };

export interface UploadEvents {
  sending(offsetBytes: number): void;
  retrying(offsetBytes: number): void;
}

/** Registries keep the bytes of parts that ended, not all those of one that broke. */
const defaultChunkBytes = 64 * 1024 * 1024;

/** Errors: of the registry; dataLoss when it got other bytes than the digest says. */
export async function uploadBlob(
  context: UploadContext,
  descriptor: Descriptor,
  how: { mountFrom: readonly string[]; events: UploadEvents },
): Promise<UploadOutcome> {
  if (await isThere(context, descriptor.digest)) return { kind: 'there' };
  const begun = await mountOrBegin(context, descriptor.digest, how.mountFrom);
  if ('from' in begun) return { kind: 'mounted', from: begun.from };
  const begin = performance.now();
  const resumes = await sendAll(context, { descriptor, location: begun.location, events: how.events });
  return { kind: 'uploaded', durationMs: performance.now() - begin, resumes };
}

async function isThere({ connection, repository }: UploadContext, digest: Digest): Promise<boolean> {
  const path = `blobs/${digest}`;
  const why = 'is the blob there already';
  const request = { method: 'HEAD' as const, repository, path, expects: [200, 404], actions: push, why };
  const response = await connection.send(request);
  response.body.resume();
  return response.status === 200;
}

const push = 'pull,push' as const;

async function mountOrBegin(
  context: UploadContext,
  digest: Digest,
  mountFrom: readonly string[],
): Promise<{ from: string } | { location: URL }> {
  for (const from of mountFrom) {
    const query = { mount: digest, from };
    // Who may not read there, or a registry that knows no mounts, answers with an upload or a refusal: then it is sent.
    const why = `can ${from} lend the blob`;
    const response = await begin(context, { query, alsoFrom: from, why, expects: [201, 202, 400, 401, 403, 404, 405] });
    response.body.resume();
    if (response.status === 201) return { from };
    if (response.status === 202) return { location: locationOf(context, response) };
  }
  const response = await begin(context, { why: 'begin an upload', expects: [202] });
  response.body.resume();
  return { location: locationOf(context, response) };
}

const begin = (
  { connection, repository }: UploadContext,
  more: { query?: Record<string, string>; alsoFrom?: string; why: string; expects: number[] },
): Promise<HttpResponse> =>
  connection.send({ method: 'POST', repository, path: 'blobs/uploads/', actions: push, ...more });

/** Where the upload goes on; relative addresses are the registry's own. */
function locationOf({ connection }: UploadContext, response: HttpResponse): URL {
  const text = response.headers.location ?? '';
  if (text !== '' && URL.canParse(text, response.url)) {
    const location = new URL(text, response.url);
    const isDowngrade = location.protocol !== 'https:' && response.url.protocol === 'https:';
    if (/^https?:$/.test(location.protocol) && !(isDowngrade && connection.endpoint.verify)) return location;
  }
  throw new LabError(
    'unavailable',
    `${connection.host}: it sends the upload to "${text}", expected an address of https`,
  );
}

interface Sending {
  descriptor: Descriptor;
  location: URL;
  events: UploadEvents;
}

/** Returns how often it had to be taken up again. */
async function sendAll(context: UploadContext, { descriptor, location, events }: Sending): Promise<number> {
  let state: UploadState = { location, offset: 0 };
  const tries = new Tries(0, 'took');
  for (let resumes = 0; ; resumes++) {
    try {
      await sendFrom(context, { descriptor, state, events, reached: (next) => (state = next) });
      return resumes;
    } catch (thrown) {
      const error = asLabError(thrown);
      // 416: it has more or less than we think.
      const isWorthAnotherTry = error.kind === 'unavailable' || error.data?.status === 416;
      if (!isWorthAnotherTry) throw error;
      const count = tries.failed(error, state.offset);
      events.retrying(state.offset);
      await (context.wait ?? ((ms: number) => delay(ms, undefined, { signal: context.signal })))(backOffMs(count));
      // Perhaps only the answer was lost.
      if (await isThere(context, descriptor.digest)) return resumes + 1;
      state = await standOf(context, state);
    }
  }
}

interface UploadState {
  location: URL;
  /** How much the registry has. */
  offset: number;
}

async function sendFrom(
  context: UploadContext,
  what: { descriptor: Descriptor; state: UploadState; events: UploadEvents; reached: (state: UploadState) => void },
): Promise<void> {
  const { descriptor, events, reached } = what;
  const { chunkBytes = defaultChunkBytes } = context;
  let { location, offset } = what.state;
  const isWhole = offset === 0 && descriptor.size <= chunkBytes;
  while (!isWhole && offset < descriptor.size) {
    const length = Math.min(chunkBytes, descriptor.size - offset);
    const response = await sendPart(context, { descriptor, location, offset, length, events });
    location = locationOf(context, response);
    const next = rangeEnd(response) ?? offset + length;
    reached({ location, offset: next });
    if (next !== offset + length) throw keptOther(context, { length, kept: next - offset });
    offset = next;
  }
  const body = isWhole ? bodyFrom(context, { descriptor, offset: 0, length: descriptor.size, events }) : undefined;
  await finish(context, { descriptor, location, body });
}

/** It is asked how far it came, as after a broken connection: who takes a little of each part would be sent the blob for ever. */
const keptOther = ({ connection }: UploadContext, { length, kept }: { length: number; kept: number }): LabError =>
  new LabError('unavailable', `${connection.host}: it kept ${kept} of the ${length} bytes of a part`);

interface Part {
  descriptor: Descriptor;
  offset: number;
  length: number;
  events: UploadEvents;
}

async function sendPart({ connection, repository, ...rest }: UploadContext, part: Part & { location: URL }) {
  const { location, offset, length } = part;
  const response = await connection.send({
    method: 'PATCH',
    repository,
    path: location,
    headers: { 'content-type': 'application/octet-stream', 'content-range': `${offset}-${offset + length - 1}` },
    body: bodyFrom({ connection, repository, ...rest }, part),
    expects: [202],
    isUpload: true,
    actions: push,
    why: `bytes ${offset} to ${offset + length - 1} of the blob`,
  });
  response.body.resume();
  return response;
}

function bodyFrom({ content }: UploadContext, { descriptor, offset, length, events }: Part): HttpBody {
  return {
    sizeBytes: length,
    async *open() {
      let sent = offset;
      if (length === 0) return;
      for await (const chunk of content.stream(descriptor.digest, { offset, length })) {
        yield chunk;
        sent += chunk.length;
        events.sending(sent);
      }
    },
  };
}

/** The registry compares digest and bytes, and only then keeps them. */
async function finish(
  { connection, repository }: UploadContext,
  { descriptor, location, body }: { descriptor: Descriptor; location: URL; body: HttpBody | undefined },
): Promise<void> {
  const response = await connection.send({
    method: 'PUT',
    repository,
    path: location,
    query: { digest: descriptor.digest },
    headers: body === undefined ? {} : { 'content-type': 'application/octet-stream' },
    ...(body === undefined ? {} : { body }),
    expects: [201],
    isUpload: true,
    actions: push,
    why: body === undefined ? 'that was all: keep it under its digest' : 'the blob, whole',
  });
  response.body.resume();
  const told = response.headers['docker-content-digest'];
  if (told !== undefined && told !== descriptor.digest) {
    throw new LabError('dataLoss', `${connection.host}: it kept ${told}, ${descriptor.digest} was sent`);
  }
}

/** How far a broken upload came; a registry that has forgotten it gets a new one. @source oci-distribution resuming an upload */
async function standOf(context: UploadContext, before: UploadState): Promise<UploadState> {
  const { connection, repository } = context;
  const response = await connection.send({
    repository,
    path: before.location,
    expects: [204, 202, 400, 404, 405],
    actions: push,
    why: 'how far did the upload come',
  });
  response.body.resume();
  const offset = rangeEnd(response);
  if ((response.status === 204 || response.status === 202) && offset !== undefined) {
    const { location } = response.headers;
    return { location: location === undefined ? before.location : locationOf(context, response), offset };
  }
  const fresh = await begin(context, { why: 'begin the upload anew', expects: [202] });
  fresh.body.resume();
  return { location: locationOf(context, fresh), offset: 0 };
}

/** `Range: 0-9`: ten bytes are there. Nothing there is `0-0` at some registries, as is one byte: then none is taken for sure. */
function rangeEnd(response: HttpResponse): number | undefined {
  const { range } = response.headers;
  const last = /^(?:bytes=)?0-(-?\d+)$/.exec(range ?? '')?.[1];
  if (last === undefined) return undefined;
  return Number(last) <= 0 ? 0 : Number(last) + 1;
}
