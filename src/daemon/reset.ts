// POST /tlab/system/reset: every container, image, volume and the whole network of the engine go. The CLI then removes the folders.

import { ignoreMissing } from './container/missing.ts';
import { removeContainer } from './container/remove.ts';
import type { Engine } from './engine.ts';
import type { ResetResponse } from './protocol.ts';

export interface ResetWish {
  keepImages: boolean;
  /** Another engine lives in this network namespace. */
  keepBridge: boolean;
}

export async function resetEngine(engine: Engine, { keepImages, keepBridge }: ResetWish): Promise<ResetResponse> {
  const containers = engine.containers.all();
  for (const container of containers) await removeContainer(engine, container, { force: true, removeVolumes: true });
  const images = keepImages ? [] : await engine.images.list();
  for (const { reference } of images) {
    await ignoreMissing(engine.containerd.images.delete({ name: reference, sync: true }));
  }
  const volumes = engine.volumes.list();
  for (const volume of volumes) engine.volumes.remove(volume.Name);
  await engine.networking.teardown({ keepsBridge: keepBridge });
  return { Containers: containers.length, Images: images.length, Volumes: volumes.length };
}
