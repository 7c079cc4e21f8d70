// The layers of one image, several at once, handed on one by one from the bottom, because each is unpacked upon the one below.
import type { PulledLayer } from './documents.ts';
import { type FetchContext, fetchBlob } from './fetch-blob.ts';

/** Takes a layer that is stored. The signal: the pull has failed elsewhere, and what is made of it is of no use. */
export type LayerTaker = (layer: PulledLayer, signal: AbortSignal) => Promise<void>;

/** As many at once as dockerd fetches. @source docker daemon.json: max-concurrent-downloads */
const layersAtOnce = 3;

/** Fetches several at once; hands them on one by one, lowest first. When it fails, nothing of it is under way any more. */
export async function fetchLayers(
  context: FetchContext,
  layers: readonly PulledLayer[],
  options: { onLayer: LayerTaker | undefined; stop: AbortController },
): Promise<void> {
  const { onLayer, stop } = options;
  const waiting = [...new Map(layers.map((layer) => [layer.descriptor.digest, layer])).values()];
  for (const { descriptor } of waiting) {
    const { digest, mediaType, size } = descriptor;
    context.progress({ digest, mediaType, sizeBytes: size, offsetBytes: 0, status: 'waiting' });
  }
  const fetched = new Map(waiting.map((layer) => [layer.descriptor.digest, Promise.withResolvers<void>()]));
  for (const { promise } of fetched.values()) promise.catch(() => undefined);
  const worker = async () => {
    for (let layer = waiting.shift(); layer !== undefined && !stop.signal.aborted; layer = waiting.shift()) {
      const done = fetched.get(layer.descriptor.digest);
      await fetchBlob(context, layer.descriptor, {}).then(done?.resolve, (error) => {
        done?.reject(error);
        throw error;
      });
    }
  };
  const inOrder = async () => {
    for (const layer of layers) {
      await fetched.get(layer.descriptor.digest)?.promise;
      await onLayer?.(layer, stop.signal);
    }
  };
  const working = [...Array.from({ length: layersAtOnce }, worker), inOrder()];
  try {
    await Promise.all(working);
  } catch (error) {
    stop.abort();
    // What nobody fetches any more is not waited for.
    for (const { reject } of fetched.values()) reject(error);
    await Promise.allSettled(working);
    throw error;
  }
}
