// POST /images/prune: images without a name, or with `dangling=false` all that no container was made from.
// @source docker-api POST /images/prune
import { asLabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import { type Filters, isLabelled } from '../filters.ts';
import type { ImageDelete, ImagesPruneResponse } from '../image-protocol.ts';
import { parseTimeNs } from '../time.ts';
import { createdNs, danglingFilter, type NamedImage, namedImages, usersOf } from './list.ts';
import { removeImage } from './remove.ts';

export const imagePruneFilters = ['dangling', 'label', 'label!', 'until'];

export async function pruneImages(engine: Engine, filters: Filters): Promise<ImagesPruneResponse> {
  const isAll = danglingFilter(filters) === false;
  const until = (filters.until ?? []).map((text) => parseTimeNs(text, 'until'));
  const goes = (named: NamedImage): boolean =>
    (isAll || named.tags.length === 0) &&
    usersOf(engine, named.image.id).length === 0 &&
    until.every((time) => createdNs(named.image) <= time) &&
    isLabelled(filters, named.image.config.config?.Labels ?? {});
  const sizes = await engine.layers.measure();
  const deleted: ImageDelete[] = [];
  for (const named of (await namedImages(engine)).filter(goes)) deleted.push(...(await removeWhole(engine, named)));
  const reclaimed = deleted.reduce((sum, { Deleted }) => sum + (sizes.get(Deleted ?? '') ?? 0), 0);
  engine.events.publish('image', 'prune', '', { reclaimed: `${reclaimed}` });
  return { ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
}

/** Name by name; what a container took meanwhile stays. */
async function removeWhole(engine: Engine, { image, tags, digests }: NamedImage): Promise<ImageDelete[]> {
  const names = tags.length > 0 ? tags : digests;
  const deleted: ImageDelete[] = [];
  for (const name of names.length > 0 ? names : [image.id]) {
    try {
      deleted.push(...(await removeImage(engine, name, { force: false })));
    } catch (error) {
      if (!['conflict', 'notFound'].includes(asLabError(error).kind)) throw error;
    }
  }
  return deleted;
}
