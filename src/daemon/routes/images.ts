// /images.
import { asLabError, LabError } from '../../base/errors.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { parseFilters } from '../filters.ts';
import { historyOf, imageFilters, inspectImage, listImages } from '../image/inspect.ts';
import { pullImage } from '../image/pull.ts';
import { removeImage } from '../image/remove.ts';
import type { PullProgress } from '../protocol.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { commonHeaders } from '../server.ts';

async function pull(call: Call): Promise<undefined> {
  const { query, response, request } = call;
  if (query.get('fromSrc'))
    throw new LabError('notImplemented', 'images/create?fromSrc: importing an archive is not supported');
  const name = nameOf(query.get('fromImage') ?? '', query.get('tag') ?? '');
  const registryAuth = request.headers['x-registry-auth'];
  parseReference(name);
  const report = (line: PullProgress): void => {
    if (!response.headersSent) response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(line)}\r\n`);
  };
  try {
    await pullImage(call.engine, {
      name,
      platform: query.get('platform') || undefined,
      registryAuth: typeof registryAuth === 'string' && registryAuth !== '' ? registryAuth : undefined,
      report,
      signal: call.signal,
    });
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    const { message, hint } = asLabError(error);
    const line = { error: message, errorDetail: { message }, ...(hint === undefined ? {} : { hint }) };
    report(line);
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
