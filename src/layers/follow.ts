// One file through the layers of an image: where it came, what changed it, where it went.
import type { Change, ImageChanges } from './changes.ts';

export interface FileStep {
  /** Place of the layer from the bottom, from 0. */
  layer: number;
  change: Change;
}

/** Steps from the bottom layer up; none when no layer ever had it. */
export function followFile(image: ImageChanges, path: string): FileStep[] {
  const wanted = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return image.layers.flatMap(({ changes }, layer) =>
    changes.filter((change) => change.path === wanted).map((change) => ({ layer, change })),
  );
}
