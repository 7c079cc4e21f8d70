// GET /system/df: what images, containers and volumes take, layers that images share counted once; and, beside Docker's rows, the
// blobs that images were pulled as. Folders are walked step by step, so that the daemon goes on answering.

import { lstat, readdir } from 'node:fs/promises';
import { layersOf } from '../kernel/snapshot-mounts.ts';
import { cacheUsage } from './build/cache/prune.ts';
import type { Container } from './container/container.ts';
import { listContainers } from './container/list.ts';
import { snapshotOf } from './container/record.ts';
import type { Engine } from './engine.ts';
import { listImages, usersOf } from './image/list.ts';
import { imageBytes } from './image/sizes.ts';
import type { DiskUsage } from './image-protocol.ts';
import type { ContainerSummary } from './protocol.ts';

export async function diskUsageOf(engine: Engine): Promise<DiskUsage> {
  const [images, sizes, content] = await Promise.all([
    listImages(engine, { filters: {}, shared: true, counted: true }),
    engine.layers.measure(),
    contentUsage(engine),
  ]);
  const summaries = listContainers(engine, { all: true, limit: 0, filters: {} });
  const containers = await Promise.all(summaries.map((summary) => withSizes(engine, summary)));
  const volumes = await Promise.all(
    engine.volumes.list().map(async (volume) => ({
      ...volume,
      UsageData: { Size: await fileBytes(volume.Mountpoint), RefCount: volumeUsers(engine, volume.Name).length },
    })),
  );
  return {
    LayersSize: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
    Images: images,
    Containers: containers,
    Volumes: volumes,
    BuildCache: await cacheUsage(engine),
    ContentStore: content,
  };
}

/** Ids of the containers that use the volume. */
export const volumeUsers = (engine: Engine, name: string): string[] =>
  engine.containers
    .all()
    .filter(({ record }) => record.mounts.some((mount) => mount.name === name))
    .map(({ id }) => id);

/** A container with what it wrote, and with that and the layers of its image. */
export async function withSizes(engine: Engine, summary: ContainerSummary): Promise<ContainerSummary> {
  const container = engine.containers.all().find(({ id }) => id === summary.Id);
  return container === undefined ? summary : { ...summary, ...(await sizesOf(engine, container)) };
}

/** Bytes. */
export async function sizesOf(engine: Engine, container: Container): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const written = await writtenBytes(engine, container);
  return { SizeRw: written, SizeRootFs: written + (await bytesBelow(engine, container)) };
}

async function bytesBelow(engine: Engine, { record }: Container): Promise<number> {
  const [image] = (await engine.images.describeAll()).filter((each) => each.id === record.image.id);
  return image === undefined ? 0 : imageBytes(image, await engine.layers.measure());
}

/** What a container wrote over its image; nothing when it goes meanwhile. */
export async function writtenBytes(engine: Engine, container: Container): Promise<number> {
  const snapshot = snapshotOf(container.record);
  try {
    const { mounts } = await engine.containerd.snapshots.mounts(snapshot);
    const [own] = layersOf(mounts);
    if (own === undefined) return 0;
    const bytes = await fileBytes(own);
    // native has a copy of the image in there; what was removed from it is not told.
    return snapshot.snapshotter === 'native' ? Math.max(0, bytes - (await bytesBelow(engine, container))) : bytes;
  } catch {
    return 0;
  }
}

/** The lengths of all that is no directory, each inode once. What vanishes meanwhile does not count. @source docker pkg/directory */
export async function fileBytes(folder: string): Promise<number> {
  const seen = new Set<string>();
  let sum = 0;
  const waiting = [folder];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        waiting.push(inner);
        continue;
      }
      const stat = await lstat(inner).catch(() => undefined);
      if (stat === undefined || seen.has(`${stat.dev} ${stat.ino}`)) continue;
      seen.add(`${stat.dev} ${stat.ino}`);
      sum += stat.size;
    }
  }
  return sum;
}

/** The blobs in the content store; in use are those of images that a container was made from. */
async function contentUsage(engine: Engine): Promise<DiskUsage['ContentStore']> {
  const sizes = new Map<string, number>();
  for await (const { info } of engine.containerd.content.list({ filters: [] })) {
    for (const { digest, size } of info) sizes.set(digest, Number(size));
  }
  const used = new Set<string>();
  for (const { id, target, manifest } of await engine.images.describeAll()) {
    if (usersOf(engine, id).length === 0) continue;
    for (const digest of [target, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)]) {
      if (sizes.has(digest)) used.add(digest);
    }
  }
  const total = (digests: Iterable<string>): number =>
    [...digests].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  return { Blobs: sizes.size, Active: used.size, Size: total(sizes.keys()), ActiveSize: total(used) };
}
