// Who refers to a manifest, as a registry tells it: by the referrers API, or, where a registry is older, by the tag that stands in for it.
// @source oci-distribution listing referrers, unavailable referrers API: the tag is the digest with "-" for ":"
import * as v from 'valibot';
import type { Digest } from '../oci/digest.ts';
import { type Descriptor, descriptorSchema, parseDocument } from '../oci/image.ts';
import type { RegistryConnection } from './connection.ts';
import { readBody } from './http.ts';

export interface Referrer extends Descriptor {
  artifactType?: string;
}

const referrerSchema = v.intersect([descriptorSchema, v.object({ artifactType: v.optional(v.string()) })]);
const indexSchema = v.object({ manifests: v.array(referrerSchema) });
const largestPageBytes = 4 * 1024 * 1024;
/** A registry whose pages never end is not listened to for ever. */
const mostReferrers = 10_000;

/** Errors: permissionDenied, resourceExhausted, unavailable, dataLoss. */
export async function referrersAt(
  connection: RegistryConnection,
  repository: string,
  digest: Digest,
): Promise<Referrer[]> {
  const found: Referrer[] = [];
  let next: string | URL | undefined = `referrers/${digest}`;
  while (next !== undefined && found.length < mostReferrers) {
    const response = await ask(connection, { repository, path: next, why: 'who refers to this manifest' });
    if (response === undefined) return found.length > 0 ? found : await byTag(connection, repository, digest);
    found.push(...response.manifests);
    next = response.next;
  }
  return found;
}

async function byTag(connection: RegistryConnection, repository: string, digest: Digest): Promise<Referrer[]> {
  const path = `manifests/${digest.replace(':', '-')}`;
  return (await ask(connection, { repository, path, why: 'the same of a registry without that API' }))?.manifests ?? [];
}

/** Undefined for 404. */
async function ask(
  connection: RegistryConnection,
  question: { repository: string; path: string | URL; why: string },
): Promise<{ manifests: Referrer[]; next: URL | undefined } | undefined> {
  const accept = 'application/vnd.oci.image.index.v1+json';
  const response = await connection.send({ ...question, headers: { accept }, expects: [200, 404] });
  if (response.status === 404) {
    response.body.resume();
    return undefined;
  }
  const bytes = await readBody(response, largestPageBytes);
  const { manifests } = parseDocument(indexSchema, bytes, `referrers of ${question.repository}`);
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(String(response.headers.link ?? ''))?.[1];
  return {
    manifests: manifests as Referrer[],
    next: link === undefined || manifests.length === 0 ? undefined : new URL(link, response.url),
  };
}
