// GET /images/{name}/history: how the image was made, newest step first. @source docker-api GET /images/{name}/history
import { LabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import type { ImageHistory } from '../image-protocol.ts';
import { createdSeconds, namedImage } from './list.ts';
import { chainsOf } from './sizes.ts';
import { familiarName } from './store.ts';

/** Only steps that made a layer have a size. Errors: notFound; dataLoss when the history has more such steps than there are layers. */
export async function historyOf(engine: Engine, name: string): Promise<ImageHistory[]> {
  const image = await engine.images.resolve(name);
  const [{ tags }, sizes] = await Promise.all([namedImage(engine, image.id), engine.layers.measure()]);
  const chains = chainsOf(image);
  let layer = 0;
  const steps = (image.config.history ?? []).map((step): ImageHistory => {
    const at = step.empty_layer ? undefined : layer++;
    return {
      Id: '<missing>',
      Created: createdSeconds(step.created),
      CreatedBy: step.created_by ?? '',
      Tags: null,
      Size: at === undefined ? 0 : (sizes.get(chains[at] ?? '') ?? image.manifest.layers[at]?.size ?? 0),
      Comment: step.comment ?? '',
    };
  });
  if (layer > chains.length) {
    throw new LabError(
      'dataLoss',
      `image ${image.id}: its history has ${layer} layers, but there are ${chains.length}`,
    );
  }
  const newest = steps.at(-1);
  if (newest !== undefined)
    Object.assign(newest, { Id: image.id, Tags: tags.length === 0 ? null : tags.map(familiarName) });
  return steps.reverse();
}
