// /images.
import { pipeline } from 'node:stream/promises';
import { LabError } from '../../base/errors.ts';
import { familiarReference, formatReference, parseName, parseReference } from '../../oci/reference.ts';
import type { Engine } from '../engine.ts';
import { parseFilters } from '../filters.ts';
import { historyOf } from '../image/history.ts';
import { inspectImage } from '../image/inspect.ts';
import { blobOf, layersOf } from '../image/layers.ts';
import { imageFilters, listImages } from '../image/list.ts';
import { setName, targetOf } from '../image/name.ts';
import { imagePruneFilters, pruneImages } from '../image/prune.ts';
import { pullImage } from '../image/pull.ts';
import { tagsAtRegistry } from '../image/registry-questions.ts';
import { removeImage } from '../image/remove.ts';
import { noSuchImage } from '../image/store.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { commonHeaders } from '../server.ts';
import { importArchive } from './archives.ts';
import { flowing, registryAuthOf } from './progress.ts';

async function pull(call: Call): Promise<undefined> {
  const { query } = call;
  if (query.get('fromSrc')) return await importArchive(call);
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

/** The bytes as they came, with the digest by which the client verifies them. */
async function blob({ engine, parameters, response, signal }: Call): Promise<undefined> {
  const digest = parameters.digest ?? '';
  const { size, bytes } = await blobOf(engine, parameters.name ?? '', digest);
  response.writeHead(200, {
    ...commonHeaders,
    'Content-Type': 'application/octet-stream',
    'Content-Length': `${size}`,
    'Docker-Content-Digest': digest,
  });
  await pipeline(bytes, response, { signal }).catch(() => response.destroy());
  return undefined;
}

async function tag({ engine, parameters, query }: Call) {
  const image = await engine.images.resolve(parameters.name ?? '');
  const name = parseReference(nameOf(query.get('repo') ?? '', query.get('tag') ?? ''));
  if (name.digest !== undefined)
    throw new LabError('invalidArgument', 'refusing to create a tag with a digest reference');
  const target = await targetOf(engine, image.reference);
  if (target === undefined) throw noSuchImage(image.reference);
  await setName(engine, formatReference(name), target);
  engine.events.publish('image', 'tag', image.id, { name: familiarReference(name) });
  return { status: 201 };
}

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/images/json',
    handler: async ({ engine, query }) =>
      json(
        await listImages(engine, {
          filters: parseFilters(query.get('filters'), imageFilters),
          shared: boolean(query, 'shared-size'),
          manifests: boolean(query, 'manifests'),
        }),
      ),
  },
  { method: 'POST', pattern: '/images/create', handler: pull },
  {
    method: 'POST',
    pattern: '/images/prune',
    handler: async ({ engine, query }) =>
      json(await pruneImages(engine, parseFilters(query.get('filters'), imagePruneFilters))),
  },
  {
    method: 'GET',
    pattern: '/images/{name*}/json',
    handler: async ({ engine, parameters, query }) =>
      json(await inspectImage(engine, parameters.name ?? '', { manifests: boolean(query, 'manifests') })),
  },
  {
    method: 'GET',
    pattern: '/images/{name*}/history',
    handler: async ({ engine, parameters }) => json(await historyOf(engine, parameters.name ?? '')),
  },
  { method: 'POST', pattern: '/images/{name*}/tag', handler: tag },
  {
    method: 'GET',
    pattern: '/tlab/images/{name*}/layers',
    handler: async ({ engine, parameters }) => json(await layersOf(engine, parameters.name ?? '')),
  },
  { method: 'GET', pattern: '/tlab/images/{name*}/blobs/{digest}', handler: blob },
  {
    method: 'DELETE',
    pattern: '/images/{name*}',
    handler: async ({ engine, parameters, query }) =>
      json(await removeImage(engine, parameters.name ?? '', { force: boolean(query, 'force') })),
  },
];
