// /images.
import * as v from 'valibot';
import { asLabError, LabError } from '../../base/errors.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { parseFilters } from '../filters.ts';
import { historyOf, imageFilters, inspectImage, listImages } from '../image/inspect.ts';
import { pullImage } from '../image/pull.ts';
import { removeImage } from '../image/remove.ts';
import type { PullProgress } from '../protocol.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { commonHeaders } from '../server.ts';

const credentials = v.object({
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
  registrytoken: v.optional(v.string()),
});

/** The base64url JSON of X-Registry-Auth as the header that a registry takes. @source docker-api authentication */
export function authorizationOf(header: string | undefined): Record<string, string> {
  if (header === undefined || header === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  } catch {
    throw new LabError('invalidArgument', 'X-Registry-Auth: expected base64url of JSON');
  }
  const result = v.safeParse(credentials, value);
  if (!result.success) throw new LabError('invalidArgument', 'X-Registry-Auth: expected username and password');
  const { username, password, registrytoken } = result.output;
  if (registrytoken) return { authorization: `Bearer ${registrytoken}` };
  if (!username || !password) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function pull(call: Call): Promise<undefined> {
  const { query, response, request } = call;
  if (query.get('fromSrc'))
    throw new LabError('notImplemented', 'images/create?fromSrc: importing an archive is not supported');
  const name = nameOf(query.get('fromImage') ?? '', query.get('tag') ?? '');
  const headers = authorizationOf(request.headers['x-registry-auth'] as string | undefined);
  parseReference(name);
  const report = (line: PullProgress): void => {
    if (!response.headersSent) response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(line)}\r\n`);
  };
  // The head waits for the first progress of the transfer, so that a refusal can still have its own status.
  const held: PullProgress[] = [];
  try {
    await pullImage(call.engine, {
      name,
      platform: query.get('platform') || undefined,
      headers,
      report: (line) => held.push(line),
      signal: call.signal,
    });
    held.forEach(report);
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    const { message } = asLabError(error);
    report({ error: message, errorDetail: { message } });
    response.end();
  }
  return undefined;
}

const nameOf = (image: string, tag: string): string => {
  if (tag === '') return image;
  return tag.includes(':') ? `${image}@${tag}` : `${image}:${tag}`;
};

async function tag({ engine, parameters, query }: Call) {
  const image = await engine.images.resolve(parameters.name ?? '');
  const target = parseReference(nameOf(query.get('repo') ?? '', query.get('tag') ?? ''));
  if (target.digest !== undefined)
    throw new LabError('invalidArgument', 'refusing to create a tag with a digest reference');
  const name = formatReference(target);
  const { image: stored } = await engine.containerd.images.get({ name: image.reference });
  if (stored?.target === undefined) throw new LabError('notFound', `No such image: ${image.reference}`);
  const record = { name, target: stored.target, labels: stored.labels };
  try {
    await engine.containerd.images.create({ image: record });
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'alreadyExists') throw error;
    await engine.containerd.images.update({ image: record });
  }
  engine.events.publish('image', 'tag', image.id, { name: parameters.name ?? '' });
  return { status: 201 };
}

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/images/json',
    handler: async ({ engine, query }) =>
      json(await listImages(engine, parseFilters(query.get('filters'), imageFilters))),
  },
  { method: 'POST', pattern: '/images/create', handler: pull },
  {
    method: 'GET',
    pattern: '/images/{name*}/json',
    handler: async ({ engine, parameters }) => json(await inspectImage(engine, parameters.name ?? '')),
  },
  {
    method: 'GET',
    pattern: '/images/{name*}/history',
    handler: async ({ engine, parameters }) => json(await historyOf(engine, parameters.name ?? '')),
  },
  { method: 'POST', pattern: '/images/{name*}/tag', handler: tag },
  {
    method: 'DELETE',
    pattern: '/images/{name*}',
    handler: async ({ engine, parameters, query }) =>
      json(await removeImage(engine, parameters.name ?? '', boolean(query, 'force'))),
  },
];
