// From the state of the last stage to an image: configuration and manifest in the content store, and names for it.
import { digestOf } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/image.ts';
import { ociMediaTypes } from '../../oci/media-types.ts';
import { nameImage, writeBlob } from '../image/write.ts';
import type { BuildSession } from './session.ts';
import { type BuildState, compactConfig } from './state.ts';

export interface BuiltImage {
  /** Digest of the configuration. */
  id: string;
  /** Digest of the manifest. */
  digest: string;
}

const document = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** @source oci-image config */
export function imageConfigOf(state: BuildState): Record<string, unknown> {
  const { architecture, os, variant } = state.platform;
  return {
    created: state.created,
    ...(state.author === undefined ? {} : { author: state.author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: compactConfig(state.config),
    rootfs: { type: 'layers', diff_ids: state.layers.map(({ diffId }) => diffId) },
    history: state.history,
  };
}

export interface Publication extends Pick<BuildSession, 'engine' | 'lease'> {
  /** Canonical references. */
  tags: readonly string[];
}

/** Writes both documents and names them. Without tags the image has an id only, as Docker's `<none>`. */
export async function publishImage({ engine, lease, tags }: Publication, state: BuildState): Promise<BuiltImage> {
  const config = document(imageConfigOf(state));
  const configDescriptor = descriptorOf(ociMediaTypes.config, config);
  const manifest = document({
    schemaVersion: 2,
    mediaType: ociMediaTypes.manifest,
    config: configDescriptor,
    layers: state.layers.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
  });
  const target = descriptorOf(ociMediaTypes.manifest, manifest);
  const snapshot =
    state.chainId === undefined ? {} : { [`containerd.io/gc.ref.snapshot.${engine.snapshotter}`]: state.chainId };
  const layers = state.layers.map(({ descriptor }, index) => [
    `containerd.io/gc.ref.content.l.${index}`,
    descriptor.digest,
  ]);
  const labels = { 'containerd.io/gc.ref.content.config': configDescriptor.digest, ...Object.fromEntries(layers) };
  await Promise.all([
    writeBlob(engine.containerd, { bytes: config, labels: snapshot, lease }),
    writeBlob(engine.containerd, { bytes: manifest, labels, lease }),
  ]);
  await nameImage(engine, { target, names: tags, id: configDescriptor.digest });
  return { id: configDescriptor.digest, digest: target.digest };
}

const descriptorOf = (mediaType: string, bytes: Buffer): Pick<Descriptor, 'mediaType' | 'digest' | 'size'> => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});
