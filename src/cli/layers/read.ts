// Reads an image for the explorer: its layers' identities from the daemon, then the blobs themselves through the daemon's door.
// The blobs are read rather than the unpacked snapshots, because the archive is the layer: what its digest names, whiteouts and all;
// and because whoever may ask the daemon may then look, without a right to its folders.
import type { DaemonClient } from '../../daemon/client.ts';
import type { ImageLayers } from '../../daemon/image-protocol.ts';
import { changesOf, type ImageChanges } from '../../layers/changes.ts';
import { readLayer } from '../../layers/read-layer.ts';
import type { LayerEntry } from '../../layers/tar-reader.ts';

export interface ReadImage {
  image: ImageLayers;
  changes: ImageChanges;
  /** Bytes of each layer's tar. */
  tarBytes: number[];
}

export const imageLayers = (client: DaemonClient, name: string): Promise<ImageLayers> =>
  client.json<ImageLayers>({ method: 'GET', path: `/tlab/images/${name}/layers` });

/** Errors: notFound, dataLoss for a layer whose bytes are not what its digests say. */
export async function readImage(client: DaemonClient, name: string): Promise<ReadImage> {
  const image = await imageLayers(client, name);
  const layers: LayerEntry[][] = [];
  const tarBytes: number[] = [];
  for (const { Digest: digest, MediaType: mediaType, DiffId: diffId } of image.Layers) {
    const bytes = await client.stream({ method: 'GET', path: `/tlab/images/${image.Id}/blobs/${digest}` });
    const read = await readLayer({ digest, mediaType, diffId, bytes });
    layers.push(read.entries);
    tarBytes.push(read.tarBytes);
  }
  return { image, changes: changesOf(layers), tarBytes };
}
