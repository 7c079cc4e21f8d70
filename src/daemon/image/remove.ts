// DELETE /images/{name}: a name goes; the image goes with its last name. What goes, and what is a conflict, is as in Docker: by name
// a container's use of the last name needs force, by id several names need force, and a running container keeps the image always.
// @source docker daemon/images/image_delete.go: order of the checks, the words
import { LabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import { type Digest, digestHex } from '../../oci/digest.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';
import type { ImageDelete } from '../image-protocol.ts';
import { isTagged } from './dangling.ts';
import { type NamedImage, namedImage, usersOf } from './list.ts';
import { forgetDigest, keepUnnamed, targetOf } from './name.ts';
import { chainsOf } from './sizes.ts';
import { familiarName } from './store.ts';

export interface RemoveOptions {
  force: boolean;
}

/** Errors: notFound; conflict in Docker's words. */
export async function removeImage(engine: Engine, name: string, { force }: RemoveOptions): Promise<ImageDelete[]> {
  const image = await engine.images.resolve(name);
  const named = await namedImage(engine, image.id);
  if (isIdOf(name, image.id)) {
    refuseUsed(engine, named, force);
    if (!hasOneName(named) && !force) {
      throw conflictOver(image.id, 'must be forced', 'image is referenced in multiple repositories');
    }
    return [...(await untagAll(engine, named)), ...(await deleteImage(engine, named))];
  }
  const [user] = usersOf(engine, image.id);
  if (!force && user !== undefined && hasOneName(named)) {
    throw new LabError(
      'conflict',
      `conflict: unable to remove repository reference "${name}" (must force) - ` +
        `container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
    );
  }
  const reference = formatReference(parseReference(name));
  const going = [...named.tags, ...named.digests].includes(reference) ? reference : image.reference;
  const removed = await untag(engine, named, going);
  const left = await namedImage(engine, image.id);
  if (left.tags.length + left.digests.length > 0 || isKept(engine, image.id, force)) return removed;
  return [...removed, ...(await deleteImage(engine, left))];
}

const isIdOf = (name: string, id: Digest): boolean =>
  /^(sha256:)?[0-9a-f]{4,64}$/.test(name) && (id.startsWith(name) || digestHex(id).startsWith(name));

/** At most one tag, and digests of its repository only. */
function hasOneName({ tags, digests }: NamedImage): boolean {
  if (tags.length + digests.length <= 1) return true;
  if (tags.length > 1) return false;
  const repositories = new Set([...tags, ...digests].map(repositoryName));
  return repositories.size === 1;
}

const repositoryName = (reference: string): string =>
  formatReference({ ...parseReference(reference), tag: undefined, digest: undefined });

/** A container keeps an image that lost its last name by force: it is then without a name. */
function isKept(engine: Engine, id: Digest, force: boolean): boolean {
  const users = usersOf(engine, id);
  return users.some(({ isRunning }) => isRunning) || (users.length > 0 && !force);
}

/** A running container holds its image whatever is asked; a stopped one only until it is forced. */
function refuseUsed(engine: Engine, { image }: NamedImage, force: boolean): void {
  const users = usersOf(engine, image.id);
  const running = users.find((container) => container.isRunning);
  const user = running ?? users[0];
  if (user === undefined || (force && running === undefined)) return;
  const how = running === undefined ? 'stopped' : 'running';
  const what = running === undefined ? 'must be forced' : 'cannot be forced';
  throw conflictOver(image.id, what, `image is being used by ${how} container ${shortId(user.id)}`);
}

const conflictOver = (id: Digest, what: string, why: string): LabError =>
  new LabError('conflict', `conflict: unable to delete ${shortId(id)} (${what}) - ${why}`);

/** Takes one name off; with the last tag of a repository its digests go too. */
async function untag(engine: Engine, named: NamedImage, reference: string): Promise<ImageDelete[]> {
  const removed = [await removeName(engine, named, reference)];
  if (!isTagged(reference)) return removed;
  const repository = repositoryName(reference);
  if (named.tags.some((tag) => tag !== reference && repositoryName(tag) === repository)) return removed;
  for (const digest of named.digests.filter((each) => repositoryName(each) === repository)) {
    removed.push(await removeName(engine, named, digest));
  }
  return removed;
}

async function untagAll(engine: Engine, named: NamedImage): Promise<ImageDelete[]> {
  const removed: ImageDelete[] = [];
  for (const reference of [...named.tags, ...named.digests].sort()) {
    removed.push(await removeName(engine, named, reference));
  }
  return removed;
}

/** The content stays, if need be without a name, until `deleteImage`. */
async function removeName(engine: Engine, { image }: NamedImage, reference: string): Promise<ImageDelete> {
  const target = await targetOf(engine, reference);
  if (target !== undefined) await keepUnnamed(engine, target, reference);
  if (isTagged(reference)) await ignoreMissing(engine.containerd.images.delete({ name: reference }));
  else await forgetDigest(engine, reference);
  engine.events.publish('image', 'untag', image.id, { name: familiarName(reference) });
  return { Untagged: familiarName(reference) };
}

/** All records, then what of the content nobody else needs; its layers that are gone, topmost first. */
async function deleteImage(engine: Engine, { image }: NamedImage): Promise<ImageDelete[]> {
  const records = (await engine.images.describeAll()).filter(({ id }) => id === image.id);
  for (const [at, { reference }] of records.entries()) {
    await ignoreMissing(engine.containerd.images.delete({ name: reference, sync: at === records.length - 1 }));
  }
  engine.events.publish('image', 'delete', image.id, { name: image.id });
  const left = new Set<string>();
  for await (const { info } of engine.containerd.snapshots.list({
    snapshotter: engine.snapshotter,
    filters: ['kind==committed'],
  })) {
    for (const { name } of info) left.add(name);
  }
  const gone = chainsOf(image).filter((chain) => !left.has(chain));
  return [image.id, ...gone.reverse()].map((Deleted) => ({ Deleted }));
}
