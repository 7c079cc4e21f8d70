// FROM and --from with an image: found in the store or pulled, and held by the build's lease, so that removing it meanwhile takes nothing away.
import { LabError } from '../../base/errors.ts';
import { parseReference } from '../../oci/reference.ts';
import { pullImage } from '../image/pull.ts';
import type { ResolvedImage } from '../image/store.ts';
import { unpackInto } from '../image/unpack.ts';
import { valueIn, withVariable } from './environment.ts';
import type { BuildSession } from './session.ts';
import { type BuildState, type HistoryEntry, scratch } from './state.ts';

/** @source docker system/path.go */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Errors: notFound; as the registry says; notImplemented for an image of another platform. */
export async function resolveBase(build: BuildSession, name: string, step: number): Promise<ResolvedImage> {
  const { engine, request } = build;
  const isId = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(name);
  if (request.pull && !isId) await pull(build, name, step);
  const image = await engine.images.resolve(name).catch(async (error: unknown) => {
    if (!(error instanceof LabError) || error.kind !== 'notFound' || isId) throw error;
    await pull(build, name, step);
    return await engine.images.resolve(name);
  });
  const { os, architecture } = image.config;
  if (os !== request.platform.os || architecture !== request.platform.architecture)
    throw new LabError(
      'notImplemented',
      `image ${name}: it is for ${os}/${architecture}, this build is for ${request.platform.os}/${request.platform.architecture}`,
    );
  await hold(build, image);
  await requireUnpacked(build, image);
  return image;
}

/** Under another storage-driver than the image was brought with. */
async function requireUnpacked({ engine, lease }: BuildSession, image: ResolvedImage): Promise<void> {
  const { containerd, snapshotter } = engine;
  if (image.chainId === undefined) return;
  try {
    await containerd.snapshots.stat({ snapshotter, key: image.chainId });
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'notFound') throw error;
    await unpackInto(engine, image, lease);
  }
}

async function pull(
  { engine, registryAuths, reporter, signal }: BuildSession,
  name: string,
  step: number,
): Promise<void> {
  const { domain } = parseReference(name);
  await pullImage(engine, {
    name,
    platform: undefined,
    registryAuth: registryAuths.get(domain),
    report: (line) => void reporter.report({ kind: 'pull', step, line }),
    signal,
  });
}

async function hold({ engine: { containerd, snapshotter }, lease }: BuildSession, image: ResolvedImage): Promise<void> {
  const digests = [image.target, image.id, ...image.manifest.layers.map(({ digest }) => digest)];
  const resources = digests.map((id) => ({ type: 'content', id: id as string }));
  if (image.chainId !== undefined) resources.push({ type: `snapshots/${snapshotter}`, id: image.chainId });
  for (const resource of resources) await containerd.leases.addResource({ id: lease, resource });
}

/** Where a stage starts that is built upon an image. */
export function stateOfImage(build: BuildSession, image: ResolvedImage): BuildState {
  const { config } = image;
  const { layers } = image.manifest;
  return withPath({
    ...scratch(build.request.platform),
    config: config.config ?? {},
    author: config.author,
    layers: layers.map((descriptor, index) => ({
      descriptor,
      diffId: config.rootfs.diff_ids[index] ?? refuse(image),
    })),
    history: (config.history ?? []).map(historyOf),
    chainId: image.chainId,
    created: config.created ?? '1970-01-01T00:00:00Z',
    key: image.id,
  });
}

function refuse(image: ResolvedImage): never {
  throw new LabError('dataLoss', `image ${image.reference}: it has more layers than diff ids`);
}

const historyOf = (entry: NonNullable<ResolvedImage['config']['history']>[number]): HistoryEntry => ({
  created: entry.created ?? '1970-01-01T00:00:00Z',
  created_by: entry.created_by ?? '',
  ...(entry.author === undefined ? {} : { author: entry.author }),
  ...(entry.comment === undefined ? {} : { comment: entry.comment }),
  ...(entry.empty_layer === undefined ? {} : { empty_layer: entry.empty_layer }),
});

/** Every stage has a PATH: also one FROM scratch. @source docker builder/dockerfile dispatchState.setDefaultPath */
export function withPath(state: BuildState): BuildState {
  const env = state.config.Env ?? [];
  if (valueIn(env, 'PATH') !== undefined) return state;
  return { ...state, config: { ...state.config, Env: withVariable(env, 'PATH', defaultPath) } };
}
