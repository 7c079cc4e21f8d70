// POST /images/load: images out of an archive, an OCI layout or what docker save has written ever since.
// The archive is unpacked, confined, into a folder of its own; then every blob goes through the content store, which takes it only when its
// digest is right, and every layer onto a snapshot, which must give the diff id of the configuration. Names come last.
// Rule: until the names are there everything is held by a lease alone; a failure lets all of it go.
import { mkdirSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { newContainerId } from '../../base/ids.ts';
import { paths } from '../../base/paths.ts';
import type { Platform } from '../../oci/image.ts';
import { emit } from '../../trace/recorder.ts';
import { applyLayer, type LayerWork } from '../build/layer.ts';
import type { Engine } from '../engine.ts';
import { unpackFrom } from '../files/native.ts';
import { withLease } from './lease.ts';
import { type ArchivedImage, openArchive } from './load-archive.ts';
import { storeImage } from './load-store.ts';
import { familiarName } from './store.ts';
import { nameImage } from './write.ts';

export interface LoadRequest {
  archive: Readable;
  /** Only this one of an image for several. */
  platform: Platform | undefined;
  /** One line for the person. */
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Folders of loads: what a killed daemon leaves goes at the next start. */
export const loadFolder = `${paths.dataRoot}/load`;

/** Errors: invalidArgument for an archive without images; dataLoss for one that is not what it says; resourceExhausted. */
export async function loadImages(engine: Engine, { archive, platform, say, signal }: LoadRequest): Promise<void> {
  const folder = `${loadFolder}/${newContainerId().slice(0, 16)}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const args = ['--directory', folder, '--whiteouts', 'literal', '--devices', 'skip', '--compression', 'any'];
    await unpackFrom(archive, [...args, '--no-owner'], { what: 'loading the archive', signal });
    const images = openArchive(folder, platform);
    await withLease(engine, async (lease) => {
      const work = { engine, lease, signal, epoch: undefined };
      // All of them first: an archive of which one image is wrong changes no name.
      const stored = [];
      for (const image of images) stored.push({ image, ...(await store(work, image)) });
      for (const { image, target, id } of stored) {
        await nameImage(engine, { target, names: image.names, id });
        for (const name of image.names) say(`Loaded image: ${familiarName(name)}`);
        if (image.names.length === 0) say(`Loaded image ID: ${id}`);
        engine.events.publish('image', 'load', id, { name: id });
      }
    });
    emit('daemon.images-loaded', {
      data: { images: images.flatMap(({ names }) => names), folder },
      twin: `ctr -n ${engine.containerd.namespace} images import -`,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function store(work: LayerWork, image: ArchivedImage) {
  const stored = await storeImage(work, image);
  let chainId: Awaited<ReturnType<typeof applyLayer>> | undefined;
  for (const layer of stored.layers) chainId = await applyLayer(work, chainId, layer);
  await stored.finish(chainId);
  return stored;
}
