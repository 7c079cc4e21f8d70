// Media types of images: OCI's and those of Docker's schema 2, which registries still serve most of the time.

/** @source oci-image media-types */
export const ociMediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** @source distribution spec/manifest-v2-2 */
export const dockerMediaTypes = {
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar',
  layerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  layerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  /** Layers that the publisher does not allow to be pushed elsewhere; pulled like any other. */
  foreignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const;

/** What a manifest request accepts, best first. */
export const manifestAccept = [
  ociMediaTypes.index,
  dockerMediaTypes.index,
  ociMediaTypes.manifest,
  dockerMediaTypes.manifest,
] as const;

export const isIndexType = (mediaType: string): boolean =>
  mediaType === ociMediaTypes.index || mediaType === dockerMediaTypes.index;

export const isManifestType = (mediaType: string): boolean =>
  mediaType === ociMediaTypes.manifest || mediaType === dockerMediaTypes.manifest;

const layerForm =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](gzip|zstd))?$/;

export const isLayerType = (mediaType: string): boolean => layerForm.test(mediaType);

/** How a layer is compressed by its media type; undefined when it is no layer. */
export function layerCompression(descriptor: { mediaType: string }): 'none' | 'gzip' | 'zstd' | undefined {
  const match = layerForm.exec(descriptor.mediaType);
  if (match === null) return undefined;
  return (match[1] as 'gzip' | 'zstd' | undefined) ?? 'none';
}
