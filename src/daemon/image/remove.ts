// DELETE /images/{name}: a tag goes; the image goes with its last tag, unless a container was made from it.

import { LabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import type { Engine } from '../engine.ts';
import type { ImageDelete } from '../protocol.ts';
import { familiarName, type ResolvedImage } from './store.ts';

/** Errors: notFound; conflict in Docker's words. */
export async function removeImage(engine: Engine, name: string, isForced: boolean): Promise<ImageDelete[]> {
  const image = await engine.images.resolve(name);
  const sameImage = (await engine.images.describeAll()).filter((other) => other.id === image.id);
  const isById = familiarName(image.reference) !== familiarName(name) && /^(sha256:)?[0-9a-f]{4,64}$/.test(name);
  if (isById && sameImage.length > 1 && !isForced) {
    throw new LabError(
      'conflict',
      `conflict: unable to delete ${shortId(image.id)} (must be forced) - image is referenced in multiple repositories`,
    );
  }
  const going = isById ? sameImage : sameImage.filter((other) => other.reference === image.reference);
  const isLast = going.length === sameImage.length;
  if (isLast) refuseInUse(engine, image, isForced);
  const deleted: ImageDelete[] = [];
  for (const { reference } of going) {
    await engine.containerd.images.delete({ name: reference, sync: true });
    deleted.push({ Untagged: familiarName(reference) });
    engine.events.publish('image', 'untag', image.id, { name: familiarName(reference) });
  }
  if (!isLast) return deleted;
  engine.events.publish('image', 'delete', image.id, { name: image.id });
  return [...deleted, { Deleted: image.id }];
}

/** A running container holds its image whatever is asked; a stopped one only until it is forced. */
function refuseInUse(engine: Engine, image: ResolvedImage, isForced: boolean): void {
  const users = engine.containers.all().filter((container) => container.record.image.id === image.id);
  const running = users.find((container) => container.isRunning);
  const user = running ?? users[0];
  if (user === undefined || (isForced && running === undefined)) return;
  const what = running === undefined ? 'must be forced' : 'cannot be forced';
  const how = running === undefined ? 'stopped' : 'running';
  throw new LabError(
    'conflict',
    `conflict: unable to delete ${shortId(image.id)} (${what}) - image is being used by ${how} container ${shortId(user.id)}`,
  );
}
