// What two images have in common: snapshots by chain id (the same layers from the bottom on, once on disk), and blobs by digest
// (the same layer over others: its blob is stored once, but it is unpacked twice).

export interface ComparedLayer {
  digest: string;
  chainId: string;
  /** Bytes of the blob. */
  size: number;
  /** Bytes on disk; null while it is not unpacked. */
  unpackedSize: number | null;
}

export interface Shared {
  /** How many layers from the bottom are the same. */
  commonLayers: number;
  /** Bytes that are on disk once for both. */
  snapshotBytes: number;
  blobBytes: number;
  /** Blobs that both have but over different layers. */
  movedDigests: string[];
}

export function sharedBetween(one: readonly ComparedLayer[], other: readonly ComparedLayer[]): Shared {
  const chains = new Set(other.map(({ chainId }) => chainId));
  const digests = new Set(other.map(({ digest }) => digest));
  const common = one.filter(({ chainId }) => chains.has(chainId));
  const blobs = [...new Map(one.map((layer) => [layer.digest, layer])).values()].filter(({ digest }) =>
    digests.has(digest),
  );
  return {
    commonLayers: common.length,
    snapshotBytes: common.reduce((sum, { unpackedSize }) => sum + (unpackedSize ?? 0), 0),
    blobBytes: blobs.reduce((sum, { size }) => sum + size, 0),
    movedDigests: blobs
      .filter((blob) => !common.some(({ digest }) => digest === blob.digest))
      .map(({ digest }) => digest),
  };
}
