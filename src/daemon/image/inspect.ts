// GET /images/{name}/json: one image in full. @source docker-api GET /images/{name}/json
import type { Engine } from '../engine.ts';
import type { ImageInspect } from '../image-protocol.ts';
import { formatNs } from '../time.ts';
import { namedImage } from './list.ts';
import { manifestSummaries } from './manifests.ts';
import { imageBytes } from './sizes.ts';
import { familiarName, type ResolvedImage } from './store.ts';

export async function inspectImage(
  engine: Engine,
  name: string,
  { manifests = false }: { manifests?: boolean } = {},
): Promise<ImageInspect> {
  const image = await engine.images.resolve(name);
  const [{ tags, digests }, sizes] = await Promise.all([namedImage(engine, image.id), engine.layers.measure()]);
  const { config } = image;
  const bytes = imageBytes(image, sizes);
  return {
    Id: image.id,
    RepoTags: tags.map(familiarName),
    RepoDigests: digests.map(familiarName),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    Author: config.author ?? '',
    Config: runConfigOf(image),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: bytes,
    VirtualSize: bytes,
    GraphDriver: { Name: engine.snapshotter, Data: null },
    RootFS: { Type: 'layers', Layers: [...config.rootfs.diff_ids] },
    Metadata: { LastTagTime: formatNs(image.createdNs) },
    ...(manifests ? { Manifests: await manifestSummaries(engine, image.target, sizes) } : {}),
  };
}

function runConfigOf({ config: { config = {} } }: ResolvedImage): Record<string, unknown> {
  return {
    User: config.User ?? '',
    ExposedPorts: config.ExposedPorts ?? {},
    Env: config.Env ?? [],
    Entrypoint: config.Entrypoint ?? null,
    Cmd: config.Cmd ?? null,
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? '',
    Labels: config.Labels ?? null,
    StopSignal: config.StopSignal ?? '',
    OnBuild: config.OnBuild ?? null,
    ...(config.Healthcheck === undefined ? {} : { Healthcheck: config.Healthcheck }),
    ...(config.Shell === undefined ? {} : { Shell: config.Shell }),
  };
}
