// /images.
import { LabError } from '../../base/errors.ts';
import { formatReference, parseName, parseReference } from '../../oci/reference.ts';
import type { Engine } from '../engine.ts';
import { parseFilters } from '../filters.ts';
import { historyOf, imageFilters, inspectImage, listImages } from '../image/inspect.ts';
import { pullImage } from '../image/pull.ts';
import { tagsAtRegistry } from '../image/registry-questions.ts';
import { removeImage } from '../image/remove.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { flowing, registryAuthOf } from './progress.ts';

async function pull(call: Call): Promise<undefined> {
  const { query } = call;
  if (query.get('fromSrc'))
    throw new LabError('notImplemented', 'images/create?fromSrc: importing an archive is not supported');
  const { engine, signal } = call;
  const name = nameOf(query.get('fromImage') ?? '', query.get('tag') ?? '');
  parseReference(name);
  const platform = query.get('platform') || undefined;
  const registryAuth = registryAuthOf(call);
  const names = await namesToPull(engine, { name, registryAuth, signal });
  return flowing(call, async (report) => {
    for (const each of names) await pullImage(engine, { name: each, platform, registryAuth, report, signal });
  });
}

/** Without tag and digest: every tag that the repository has. @source docker-api POST /images/create: tag */
async function namesToPull(
  engine: Engine,
  asked: { name: string; registryAuth: string | undefined; signal: AbortSignal },
): Promise<string[]> {
  const { tag, digest } = parseName(asked.name);
  if (tag !== undefined || digest !== undefined) return [asked.name];
  const tags = await tagsAtRegistry(engine, asked);
  return tags.map((each) => `${asked.name}:${each}`);
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
