// The shapes of images and of disk usage as they cross the Docker Engine API; see protocol.ts.
import type { ContainerSummary } from './protocol.ts';

/** One element of GET /images/json. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** Seconds since 1970. */
  Created: number;
  Size: number;
  VirtualSize: number;
  /** -1: not asked for. */
  SharedSize: number;
  Labels: Record<string, string> | null;
  /** -1: not asked for. */
  Containers: number;
  /** With `manifests`: of every index or manifest that the image's names point at. */
  Manifests?: ImageManifestSummary[];
}

/** One manifest of an image; of an index there is one a platform, here or not. @source docker-api ImageManifestSummary */
export interface ImageManifestSummary {
  ID: string;
  Descriptor: { mediaType: string; digest: string; size: number; platform?: Record<string, unknown> };
  /** All its blobs are here. */
  Available: boolean;
  /** Bytes: blobs, and blobs with what is unpacked. */
  Size: { Content: number; Total: number };
  Kind: 'image' | 'attestation';
  ImageData?: {
    Platform: { os: string; architecture: string; variant?: string };
    Size: { Unpacked: number };
    Containers: string[];
  };
}

/** GET /tlab/images/{name}/layers: ours, beside Docker's endpoints. Sizes in bytes. */
export interface ImageLayers {
  Name: string;
  /** Digest of the configuration. */
  Id: string;
  /** Null when the name points at a manifest itself. */
  Index: BlobDescriptor | null;
  Manifest: BlobDescriptor;
  Config: BlobDescriptor;
  Platform: { os: string; architecture: string; variant?: string };
  /** Bottom to top. */
  Layers: ImageLayer[];
  /** Oldest first; `Layer` is the place in `Layers`, null for a step that changed no file. */
  History: Array<{ Created: number; CreatedBy: string; Comment: string; Layer: number | null }>;
}

export interface BlobDescriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export interface ImageLayer {
  /** Of the blob, compressed as it came. */
  Digest: string;
  MediaType: string;
  Size: number;
  /** Of the tar. */
  DiffId: string;
  /** Of all layers up to this one: the snapshot's name. */
  ChainId: string;
  /** Null while it is not unpacked. */
  UnpackedSize: number | null;
  /** Place in `History` of the step that made it; -1 when the history does not say. */
  Step: number;
  /** Other images that have the same layer on the same layers, and so the same snapshot. */
  SharedWith: string[];
}

/** One step of GET /images/{name}/history. */
export interface ImageHistory {
  Id: string;
  /** Seconds since 1970. */
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  /** Bytes of the layer that it made. */
  Size: number;
  Comment: string;
}

/** POST /images/prune. */
export interface ImagesPruneResponse {
  ImagesDeleted: ImageDelete[] | null;
  /** Bytes. */
  SpaceReclaimed: number;
}

/** GET /images/{name}/json. */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created: string;
  Author: string;
  Config: Record<string, unknown>;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  VirtualSize: number;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  RootFS: { Type: 'layers'; Layers: string[] };
  Metadata: { LastTagTime: string };
  Manifests?: ImageManifestSummary[];
}

/** GET /system/df; sizes in bytes. */
export interface DiskUsage {
  /** Every layer that is unpacked, once. */
  LayersSize: number;
  Images: ImageSummary[];
  Containers: ContainerSummary[];
  Volumes: Array<{ Name: string; Driver: string; UsageData: { Size: number; RefCount: number } }>;
  BuildCache: BuildCacheRecord[];
  /** Ours beside Docker's: the compressed blobs; active are those of images that have containers. */
  ContentStore: { Blobs: number; Active: number; Size: number; ActiveSize: number };
}

/** @source docker-api BuildCache */
export interface BuildCacheRecord {
  ID: string;
  /** Empty: a step's key says what it is built on. */
  Parent: string;
  Type: string;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  Size: number;
  CreatedAt: string;
  LastUsedAt: string | null;
  UsageCount: number;
}

/** DELETE /images/{name} answers a list of these. */
export interface ImageDelete {
  Untagged?: string;
  Deleted?: string;
}
