// The tags of a repository, page by page. @source oci-distribution listing tags
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { parseDocument } from '../oci/image.ts';
import type { Reference } from '../oci/reference.ts';
import { type ClientOptions, RegistryConnection } from './connection.ts';
import { endpointsOf, type RegistryConfiguration } from './hosts.ts';
import { readBody } from './http.ts';

const pageSchema = v.object({ tags: v.nullish(v.array(v.string())) });
const largestPageBytes = 4 * 1024 * 1024;
/** A registry whose pages never end is not listened to for ever. */
const mostTags = 10_000;

/** Errors: notFound, permissionDenied, resourceExhausted, unavailable, dataLoss. */
export async function listTags(
  reference: Reference,
  options: { configuration?: RegistryConfiguration; client: ClientOptions },
): Promise<string[]> {
  const endpoints = endpointsOf(reference.domain, options.configuration).filter((endpoint) => !endpoint.isMirror);
  let refusal: unknown;
  for (const endpoint of endpoints) {
    const connection = new RegistryConnection(endpoint, options.client);
    try {
      return await tagsAt(connection, reference.path);
    } catch (error) {
      if (!(error instanceof LabError) || error.kind !== 'unavailable') throw error;
      if (refusal === undefined || error.data?.tls !== true) refusal = error;
    } finally {
      connection.close();
    }
  }
  throw refusal;
}

/** Errors: as listTags. */
export async function tagsAt(connection: RegistryConnection, repository: string): Promise<string[]> {
  const tags: string[] = [];
  let next: string | URL | undefined = 'tags/list';
  while (next !== undefined && tags.length < mostTags) {
    const request = { repository, path: next, expects: [200], why: 'which tags are there' };
    const response = await connection.send(request);
    const page = parseDocument(pageSchema, await readBody(response, largestPageBytes), `tags of ${repository}`);
    tags.push(...(page.tags ?? []));
    const link = /<([^>]+)>;\s*rel="?next"?/.exec(String(response.headers.link ?? ''))?.[1];
    next = link === undefined || !page.tags?.length ? undefined : new URL(link, response.url);
  }
  return tags.filter((tag) => /^\w[\w.-]{0,127}$/.test(tag));
}
