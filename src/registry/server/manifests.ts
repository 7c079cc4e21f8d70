// Manifests and indexes: kept byte by byte as they came, by digest, and by tag where one is given. One that names blobs or manifests
// that this repository has not got is refused, so that whoever pulls a name gets all of it.
// @source oci-distribution pushing manifests, pushing manifests with subject

import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { asLabError } from '../../base/errors.ts';
import { type Digest, digestOf, verifyDigest } from '../../oci/digest.ts';
import { type Descriptor, descriptorSchema, parseDocument, parseManifestDocument } from '../../oci/image.ts';
import type { Referrer } from '../referrers.ts';
import { Refused } from './errors.ts';
import { contentDigest, type Exchange, sendBytes, sendEmpty } from './exchange.ts';
import { tagOrDigest, tagOrDigestToWrite } from './names.ts';
import type { Store } from './store.ts';

/** GET and HEAD manifests/TAG or manifests/DIGEST. */
export async function readManifest(exchange: Exchange): Promise<void> {
  const { store, proxy, repository, rest, request, response } = exchange;
  const named = tagOrDigest(rest);
  const digest = await (proxy === undefined ? find(store, repository, named) : proxy.findManifest(repository, named));
  const mediaType = digest === undefined ? undefined : await store.manifestType(repository, digest);
  if (digest === undefined || mediaType === undefined) {
    throw new Refused('MANIFEST_UNKNOWN', `${repository} has no manifest ${rest}`);
  }
  await proxy?.used(digest);
  const headers = { 'content-type': mediaType, etag: `"${digest}"`, ...contentDigest(digest) };
  if (request.headers['if-none-match'] === headers.etag) return sendEmpty(response, 304, headers);
  const bytes = await readFile(store.blobPath(digest));
  await sendBytes(exchange, { sizeBytes: bytes.length, headers, open: ({ start, end }) => slices(bytes, start, end) });
}

async function* slices(bytes: Buffer, start: number, end: number): AsyncIterable<Uint8Array> {
  yield bytes.subarray(start, end + 1);
}

async function find(
  store: Store,
  repository: string,
  { tag, digest }: { tag?: string; digest?: Digest },
): Promise<Digest | undefined> {
  return tag === undefined ? digest : (await store.tagDigest(repository, tag))?.digest;
}

/** PUT manifests/TAG or manifests/DIGEST. */
export async function writeManifest(exchange: Exchange): Promise<void> {
  const { store, repository, rest, request, response, limits } = exchange;
  const named = tagOrDigestToWrite(rest);
  const bytes = await smallBody(request, limits.manifestBytes);
  const digest = named.digest ?? digestOf(bytes);
  const parsed = parse(bytes, { digest, served: request.headers['content-type'] });
  await mustHave(store, repository, parsed);
  const { mediaType, subject } = parsed;
  await store.putManifest(repository, { bytes, digest, mediaType, tag: named.tag });
  if (subject !== undefined) {
    await store.addReferrer(repository, subject.digest, referrerOf(parsed, { digest, size: bytes.length }));
  }
  sendEmpty(response, 201, {
    location: `/v2/${repository}/manifests/${digest}`,
    ...contentDigest(digest),
    ...(subject === undefined ? {} : { 'oci-subject': subject.digest }),
  });
}

/** DELETE manifests/TAG (the tag alone) or manifests/DIGEST (the manifest and its tags). */
export async function removeManifest({ store, repository, rest, response }: Exchange): Promise<void> {
  const { tag, digest } = tagOrDigest(rest);
  const isGone =
    tag === undefined ? await store.removeManifest(repository, digest) : await store.removeTag(repository, tag);
  if (!isGone) throw new Refused('MANIFEST_UNKNOWN', `${repository} has no manifest ${rest}`);
  sendEmpty(response, 202);
}

/** What a manifest says about itself beyond what an engine reads. */
const moreSchema = v.object({
  subject: v.optional(descriptorSchema),
  artifactType: v.optional(v.string()),
  annotations: v.optional(v.record(v.string(), v.string())),
});

interface ParsedManifest {
  mediaType: string;
  subject: Descriptor | undefined;
  artifactType: string | undefined;
  annotations: Record<string, string> | undefined;
  blobs: Descriptor[];
  manifests: Descriptor[];
}

/** Errors: MANIFEST_INVALID, DIGEST_INVALID. */
function parse(bytes: Buffer, { digest, served }: { digest: Digest; served: string | undefined }): ParsedManifest {
  try {
    verifyDigest(bytes, digest, 'manifest');
  } catch (error) {
    throw new Refused('DIGEST_INVALID', asLabError(error).message);
  }
  try {
    const type = served?.replace(/;.*$/, '').trim();
    const document = parseManifestDocument(bytes, type, 'manifest');
    const { subject, artifactType, annotations } = parseDocument(moreSchema, bytes, 'manifest');
    const { mediaType } = document;
    if (document.kind === 'index') {
      const { manifests } = document.index;
      return { mediaType, subject, artifactType, annotations, blobs: [], manifests };
    }
    const { config, layers } = document.manifest;
    const own = layers.filter((layer) => !/nondistributable|\.foreign\./.test(layer.mediaType));
    return {
      mediaType,
      subject,
      artifactType: artifactType ?? config.mediaType,
      annotations,
      blobs: [config, ...own],
      manifests: [],
    };
  } catch (error) {
    throw new Refused('MANIFEST_INVALID', asLabError(error).message);
  }
}

async function mustHave(store: Store, repository: string, { blobs, manifests }: ParsedManifest): Promise<void> {
  for (const { digest, size } of blobs) {
    const found = await store.blobSize(repository, digest);
    if (found === undefined) throw new Refused('MANIFEST_BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
    if (found !== size) {
      throw new Refused('MANIFEST_INVALID', `blob ${digest}: the manifest says ${size} bytes, it has ${found}`);
    }
  }
  for (const { digest } of manifests) {
    if ((await store.manifestType(repository, digest)) === undefined)
      throw new Refused('MANIFEST_BLOB_UNKNOWN', `${repository} has no manifest ${digest}`);
  }
}

function referrerOf(parsed: ParsedManifest, { digest, size }: { digest: Digest; size: number }): Referrer {
  const { mediaType, artifactType, annotations } = parsed;
  return {
    mediaType,
    digest,
    size,
    annotations,
    platform: undefined,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

async function smallBody(request: AsyncIterable<Buffer>, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > mostBytes)
      throw new Refused('SIZE_INVALID', `a manifest of more than ${mostBytes} bytes is not taken`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
