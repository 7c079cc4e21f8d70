// GET /images/json: one entry an image, however many names it has, newest first. @source docker-api GET /images/json
import { LabError } from '../../base/errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { familiarReference, parseName } from '../../oci/reference.ts';
import type { Engine } from '../engine.ts';
import { type Filters, hasLabels } from '../filters.ts';
import type { ImageManifestSummary, ImageSummary } from '../image-protocol.ts';
import { parseRfc3339, parseTimeNs } from '../time.ts';
import { isDangling, isTagged } from './dangling.ts';
import { manifestSummaries } from './manifests.ts';
import { digestReferences } from './name.ts';
import { pathMatch } from './path-match.ts';
import { imageBytes, type LayerSizes, sharedBytes } from './sizes.ts';
import { familiarName, type ResolvedImage } from './store.ts';

export const imageFilters = ['reference', 'label', 'dangling', 'before', 'since', 'until'];

/** An image with all its names. */
export interface NamedImage {
  image: ResolvedImage;
  /** Indexes or manifests that its names point at. */
  targets: Digest[];
  /** Canonical, sorted. */
  tags: string[];
  /** `repository@digest`, canonical, sorted. */
  digests: string[];
}

/** Every image once. */
export async function namedImages(engine: Engine): Promise<NamedImage[]> {
  const byId = Map.groupBy(await engine.images.describeAll(), (image) => image.id);
  return Promise.all([...byId.values()].map((same) => withNames(engine, same)));
}

/** The image of an id. Errors: notFound. */
export async function namedImage(engine: Engine, id: Digest): Promise<NamedImage> {
  const same = (await engine.images.describeAll()).filter((image) => image.id === id);
  if (same.length === 0) throw new LabError('notFound', `No such image: ${id}`);
  return withNames(engine, same);
}

async function withNames(engine: Engine, same: readonly ResolvedImage[]): Promise<NamedImage> {
  const [image] = same;
  if (image === undefined) throw new LabError('internal', 'an image without a record');
  const references = same.map(({ reference }) => reference);
  const targets = [...new Set(same.map(({ target }) => target))];
  const pulled = (await Promise.all(targets.map((target) => digestReferences(engine, target)))).flat();
  const byDigest = references.filter((reference) => !isTagged(reference) && !isDangling(reference));
  return {
    image,
    targets,
    tags: references.filter(isTagged).sort(),
    digests: [...new Set([...byDigest, ...pulled])].sort(),
  };
}

export interface ListOptions {
  filters: Filters;
  /** Compute SharedSize, which needs all images. */
  shared?: boolean;
  /** Count the containers of each. */
  counted?: boolean;
  /** With the manifests of an index. */
  manifests?: boolean;
}

/** Errors: invalidArgument for a filter's value; notFound for the image that before or since names. */
export async function listImages(engine: Engine, options: ListOptions): Promise<ImageSummary[]> {
  const [named, sizes] = await Promise.all([namedImages(engine), engine.layers.measure()]);
  const chosen = await chooser(engine, options.filters);
  const shared = options.shared
    ? sharedBytes(
        named.map(({ image }) => image),
        sizes,
      )
    : undefined;
  const summaries: ImageSummary[] = [];
  for (const each of named) {
    const names = chosen(each);
    if (names === undefined) continue;
    const summary = summaryOf(names, sizes);
    if (shared !== undefined) summary.SharedSize = shared.get(each.image.id) ?? 0;
    if (options.counted) summary.Containers = usersOf(engine, each.image.id).length;
    if (options.manifests) summary.Manifests = await manifestsOf(engine, each, sizes);
    summaries.push(summary);
  }
  return summaries.sort((a, b) => b.Created - a.Created);
}

export const usersOf = (engine: Engine, id: string) =>
  engine.containers.all().filter((container) => container.record.image.id === id);

const manifestsOf = async (engine: Engine, named: NamedImage, sizes: LayerSizes): Promise<ImageManifestSummary[]> =>
  (await Promise.all(named.targets.map((target) => manifestSummaries(engine, target, sizes)))).flat();

export const createdNs = ({ config }: ResolvedImage): bigint => parseRfc3339(config.created ?? '') ?? 0n;

/** Go's zero time, which Docker's clients know for "never". */
const zeroTimeSeconds = -62135596800;

/** Seconds since 1970. */
export function createdSeconds(created: string | undefined): number {
  const ns = parseRfc3339(created ?? '');
  return ns === undefined ? zeroTimeSeconds : Number(ns / 1_000_000_000n);
}

function summaryOf({ image, tags, digests }: NamedImage, sizes: LayerSizes): ImageSummary {
  const bytes = imageBytes(image, sizes);
  const isNameless = tags.length + digests.length === 0;
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: isNameless ? ['<none>:<none>'] : tags.map(familiarName),
    RepoDigests: isNameless ? ['<none>@<none>'] : digests.map(familiarName),
    Created: createdSeconds(image.config.created),
    Size: bytes,
    VirtualSize: bytes,
    SharedSize: -1,
    Labels: image.config.config?.Labels ?? null,
    Containers: -1,
  };
}

/** What of an image the filters let through: fewer names with `reference`; undefined for none of it. */
type Chooser = (named: NamedImage) => NamedImage | undefined;

async function chooser(engine: Engine, filters: Filters): Promise<Chooser> {
  const dangling = danglingFilter(filters);
  const isInTime = await timeFilter(engine, filters);
  const patterns = filters.reference;
  return (named) => {
    const { image, tags, digests } = named;
    if (!isInTime(image) || !hasLabels(filters, image.config.config?.Labels ?? {})) return undefined;
    const fits = (reference: string): boolean =>
      patterns === undefined || patterns.some((pattern) => isReference(pattern, reference));
    const left = { ...named, tags: tags.filter(fits), digests: digests.filter(fits) };
    const isNameless = left.tags.length + left.digests.length === 0;
    if (isNameless && (patterns !== undefined || dangling === false)) return undefined;
    return dangling === true && left.tags.length > 0 ? undefined : left;
  };
}

/** @source docker api/types/filters: true, 1, false, 0 */
export function danglingFilter(filters: Filters): boolean | undefined {
  const values = filters.dangling;
  if (values === undefined) return undefined;
  if (values.every((value) => value === 'true' || value === '1')) return true;
  if (values.every((value) => value === 'false' || value === '0')) return false;
  throw new LabError('invalidArgument', `invalid filter 'dangling=[${values.join(' ')}]'`);
}

async function timeFilter(engine: Engine, filters: Filters): Promise<(image: ResolvedImage) => boolean> {
  const timesOf = (names: readonly string[] = []): Promise<bigint[]> =>
    Promise.all(names.map(async (name) => createdNs(await engine.images.resolve(name))));
  const [before, since] = await Promise.all([timesOf(filters.before), timesOf(filters.since)]);
  const until = (filters.until ?? []).map((text) => parseTimeNs(text, 'until'));
  return (image) => {
    const created = createdNs(image);
    return [...before, ...until].every((time) => created < time) && since.every((time) => created > time);
  };
}

/** A pattern fits the name as people write it, with or without its tag. @source distribution reference.FamiliarMatch */
function isReference(pattern: string, reference: string): boolean {
  const { domain, path } = parseName(reference);
  const familiar = familiarName(reference);
  const repository = familiarReference({ domain, path, tag: undefined, digest: undefined });
  return pathMatch(pattern, familiar) || pathMatch(pattern, repository);
}
