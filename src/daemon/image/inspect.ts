// Images in Docker's form: one in full, all in a list, the history of one.

import type { Engine } from '../engine.ts';
import { snapshotter } from '../engine.ts';
import { type Filters, hasLabels, passes } from '../filters.ts';
import type { ImageInspect, ImageSummary } from '../protocol.ts';
import { formatNs } from '../time.ts';
import { familiarName, type ResolvedImage, repositoryOf } from './store.ts';

const digestName = (image: ResolvedImage): string => `${repositoryOf(image.reference)}@${image.target}`;
const isTagged = (reference: string): boolean => !reference.includes('@');

export async function inspectImage(engine: Engine, name: string): Promise<ImageInspect> {
  const image = await engine.images.resolve(name);
  const same = (await engine.images.describeAll()).filter((other) => other.id === image.id);
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: same
      .map((other) => other.reference)
      .filter(isTagged)
      .map(familiarName),
    RepoDigests: [...new Set(same.map(digestName))],
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    Author: config.author ?? '',
    Config: runConfigOf(image),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Name: snapshotter, Data: null },
    RootFS: { Type: 'layers', Layers: [...config.rootfs.diff_ids] },
    Metadata: { LastTagTime: formatNs(image.createdNs) },
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
  };
}

export const imageFilters = ['reference', 'label', 'dangling', 'before', 'since', 'until'];

/** One entry an image, however many names it has. */
export async function listImages(engine: Engine, filters: Filters): Promise<ImageSummary[]> {
  const byId = Map.groupBy(await engine.images.describeAll(), (image) => image.id);
  const users = Map.groupBy(engine.containers.all(), (container) => container.record.image.id);
  return [...byId.values()]
    .flatMap(([first, ...rest]) =>
      first === undefined ? [] : [summaryOf([first, ...rest], users.get(first.id)?.length ?? 0)],
    )
    .filter((summary) => matches(summary, filters))
    .sort((a, b) => b.Created - a.Created);
}

function summaryOf(images: readonly [ResolvedImage, ...ResolvedImage[]], containers: number): ImageSummary {
  const [image] = images;
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: images
      .map((other) => other.reference)
      .filter(isTagged)
      .map(familiarName),
    RepoDigests: [...new Set(images.map(digestName))],
    Created: Math.floor(Date.parse(image.config.created ?? '1970-01-01T00:00:00Z') / 1000) || 0,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    SharedSize: -1,
    Labels: image.config.config?.Labels ?? null,
    Containers: containers,
  };
}

function matches(summary: ImageSummary, filters: Filters): boolean {
  const isReference = (pattern: string): boolean => {
    const expression = new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]')}$`,
    );
    return summary.RepoTags.some((tag) => expression.test(tag) || expression.test(tag.replace(/:[^:/]+$/, '')));
  };
  return (
    passes(filters, 'reference', isReference) &&
    passes(filters, 'dangling', (value) => (value === 'true') === (summary.RepoTags.length === 0)) &&
    hasLabels(filters, summary.Labels ?? {})
  );
}

/** Newest step first; only steps with a layer have a size. @source docker-api GET /images/{name}/history */
export async function historyOf(engine: Engine, name: string): Promise<unknown[]> {
  const image = await engine.images.resolve(name);
  let layer = 0;
  const steps = (image.config.history ?? []).map((step) => ({
    Id: '<missing>',
    Created: Math.floor(Date.parse(step.created ?? '1970-01-01T00:00:00Z') / 1000) || 0,
    CreatedBy: step.created_by ?? '',
    Tags: null as string[] | null,
    Size: step.empty_layer ? 0 : (image.manifest.layers[layer++]?.size ?? 0),
    Comment: step.comment ?? '',
  }));
  const newest = steps.at(-1);
  if (newest !== undefined) Object.assign(newest, { Id: image.id, Tags: [familiarName(image.reference)] });
  return steps.reverse();
}
