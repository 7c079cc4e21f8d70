// Taking the build cache away: all of it, or what no image needs any more; by age, and down to a size. @source docker-api POST /build/prune
import { digestHex } from '../../../oci/digest.ts';
import type { Engine } from '../../engine.ts';
import type { Filters } from '../../filters.ts';
import type { BuildCacheRecord } from '../../image-protocol.ts';
import type { BuildPruneResponse } from '../../protocol.ts';
import { parseTimeNs } from '../../time.ts';
import type { PruneRequest } from './collect.ts';
import type { CacheRecord } from './record.ts';

/** Errors: invalidArgument for a filter's value. */
export async function pruneCache(
  engine: Engine,
  { all, keepBytes, filters }: PruneRequest,
): Promise<BuildPruneResponse> {
  const { cache } = engine.builder;
  const used = await layersOfImages(engine);
  const isUsed = ({ layer }: CacheRecord): boolean => layer !== undefined && used.has(layer.descriptor.digest);
  const wanted = cache.all().filter((record) => (all || !isUsed(record)) && matches(record, filters));
  const oldestFirst = wanted.sort((a, b) => a.lastUsedMs - b.lastUsedMs);
  // What images are made of costs nothing more, unless it is to go too.
  const counted = all ? cache.all() : cache.all().filter((record) => !isUsed(record));
  const going = overflowing(oldestFirst, { counted, keepBytes });
  const reclaimed = sizeOf(going.filter((record) => !isUsed(record)));
  for (const [index, record] of going.entries()) await cache.remove(record, { sync: index === going.length - 1 });
  const caches = await engine.builder.runMounts.caches.prune((about) => all && matchesTimes(about.usedMs, filters));
  const deleted = [...going.map(({ key }) => digestHex(key).slice(0, 25)), ...caches.map(({ name }) => name)];
  return { CachesDeleted: deleted, SpaceReclaimed: reclaimed };
}

/** The oldest of them, until the rest of what counts fits; a layer goes with the last of its records. */
function overflowing(
  oldestFirst: readonly CacheRecord[],
  { counted, keepBytes }: { counted: readonly CacheRecord[]; keepBytes: number },
): CacheRecord[] {
  if (keepBytes === 0) return [...oldestFirst];
  const uses = new Map<string, number>();
  for (const { layer } of counted)
    if (layer !== undefined) uses.set(layer.descriptor.digest, (uses.get(layer.descriptor.digest) ?? 0) + 1);
  let total = sizeOf(counted);
  const going: CacheRecord[] = [];
  for (const record of oldestFirst) {
    if (total <= keepBytes) break;
    going.push(record);
    const digest = record.layer?.descriptor.digest ?? '';
    const others = (uses.get(digest) ?? 0) - 1;
    uses.set(digest, others);
    if (others === 0) total -= record.sizeBytes;
  }
  return going;
}

/** Two records may have one layer. */
function sizeOf(records: readonly CacheRecord[]): number {
  const sizes = new Map(
    records.flatMap(({ layer, sizeBytes }) => (layer ? [[layer.descriptor.digest, sizeBytes] as const] : [])),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

async function layersOfImages(engine: Engine): Promise<Set<string>> {
  const images = await engine.images.describeAll();
  return new Set(images.flatMap(({ manifest }) => manifest.layers.map(({ digest }) => digest as string)));
}

function matches(record: CacheRecord, filters: Filters): boolean {
  const ids = filters.id ?? [];
  return (
    matchesTimes(record.lastUsedMs, filters) &&
    (ids.length === 0 || ids.some((id) => digestHex(record.key).startsWith(id.replace('sha256:', ''))))
  );
}

/** Used before the time, or so long ago. */
const matchesTimes = (usedMs: number, filters: Filters): boolean =>
  [...(filters.until ?? []), ...(filters['unused-for'] ?? [])].every(
    (text) => usedMs < Number(parseTimeNs(text, 'until') / 1_000_000n),
  );

/** @source docker-api GET /system/df */
export async function cacheUsage(engine: Engine): Promise<BuildCacheRecord[]> {
  const used = await layersOfImages(engine);
  return engine.builder.cache
    .all()
    .filter(({ layer }) => layer !== undefined)
    .map((record) => ({
      ID: digestHex(record.key).slice(0, 25),
      Parent: '',
      Type: 'regular',
      Description: record.place.text,
      InUse: false,
      Shared: used.has(record.layer?.descriptor.digest ?? ''),
      Size: record.sizeBytes,
      CreatedAt: record.created,
      LastUsedAt: new Date(record.lastUsedMs).toISOString(),
      UsageCount: record.uses,
    }));
}
