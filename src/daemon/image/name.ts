// Gives names to images and takes them away. A name points at an index or a manifest in containerd's image store.
// Rule: an image that loses its last name to another image stays, without a name (`<none>`), until rmi or prune takes it;
// whoever names an image in the daemon (tag, pull, build, commit, load, import) does it through `setName`.
import { LabError } from '../../base/errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference, parseName } from '../../oci/reference.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';
import { danglingPrefix } from './dangling.ts';

/** On manifests and indexes: the repositories of that host which have them. @source containerd labels/labels.go */
export const sourceLabelPrefix = 'containerd.io/distribution.source.';

export interface Target {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
}

/** Canonical `reference` names `target` from now on. What it named before keeps its content as an image without a name. */
export async function setName(engine: Engine, reference: string, target: Target): Promise<void> {
  const before = await targetOf(engine, reference);
  if (before?.digest === target.digest) return;
  if (before !== undefined) await keepUnnamed(engine, before, reference);
  await putName(engine, reference, target);
  await isNamedNow(engine, target);
}

/** What has a name is not dangling any more. */
export const isNamedNow = (engine: Engine, { digest }: Target): Promise<void> =>
  ignoreMissing(engine.containerd.images.delete({ name: danglingPrefix + digest }));

/** Makes the image dangling if no name but `leaving` points at it. */
export async function keepUnnamed(engine: Engine, target: Target, leaving = ''): Promise<void> {
  const others = (await engine.images.list()).filter((image) => image.reference !== leaving);
  if (others.some((image) => image.target === target.digest)) return;
  await putName(engine, danglingPrefix + target.digest, target);
}

/** What the name points at. */
export async function targetOf(engine: Engine, reference: string): Promise<Target | undefined> {
  try {
    const { image } = await engine.containerd.images.get({ name: reference });
    if (image?.target === undefined) return undefined;
    const { mediaType, digest, size } = image.target;
    return { mediaType, digest: digest as Digest, size: Number(size) };
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

async function putName(engine: Engine, name: string, { mediaType, digest, size }: Target): Promise<void> {
  const image = { name, target: { mediaType, digest, size: BigInt(size), annotations: {} }, labels: {} };
  try {
    await engine.containerd.images.create({ image });
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'alreadyExists') throw error;
    await engine.containerd.images.update({ image });
  }
}

/** `repository@digest` of every repository from which the image came or to which it was pushed, canonical. */
export async function digestReferences(engine: Engine, digest: Digest): Promise<string[]> {
  try {
    const { info } = await engine.containerd.content.info({ digest });
    return repositoriesOf(info?.labels ?? {}).map((repository) => `${repository}@${digest}`);
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return [];
    throw error;
  }
}

const repositoriesOf = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([key, value]) =>
    key.startsWith(sourceLabelPrefix)
      ? value.split(',').map((path) => `${key.slice(sourceLabelPrefix.length)}/${path}`)
      : [],
  );

/** Forgets that the repository has the digest. */
export async function forgetDigest(engine: Engine, reference: string): Promise<void> {
  const { domain, path, digest } = parseName(reference);
  if (digest === undefined) return;
  await ignoreMissing(
    engine.containerd.images.delete({ name: formatReference({ domain, path, tag: undefined, digest }) }),
  );
  const key = sourceLabelPrefix + domain;
  const { info } = await engine.containerd.content.info({ digest });
  const paths = (info?.labels[key] ?? '').split(',').filter((each) => each !== path && each !== '');
  const labels = { [key]: paths.join(',') };
  await engine.containerd.content.update({ info: { digest, labels }, updateMask: { paths: [`labels.${key}`] } });
}
