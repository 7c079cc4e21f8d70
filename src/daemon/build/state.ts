// What a stage is at one point of its Dockerfile: the configuration so far, its layers, its history. Values: a step makes a new one.
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Descriptor, Platform, RunConfig } from '../../oci/image.ts';

export interface Layer {
  descriptor: Descriptor;
  /** Of the tar, uncompressed. */
  diffId: Digest;
}

/** @source oci-image config#history */
export interface HistoryEntry {
  created: string;
  created_by: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

export interface BuildState {
  config: RunConfig;
  author: string | undefined;
  platform: Platform;
  layers: readonly Layer[];
  history: readonly HistoryEntry[];
  /** Snapshot of all layers; undefined: there is none yet. */
  chainId: Digest | undefined;
  /** RFC 3339: of the newest step. */
  created: string;
  /** Names everything above without times: what the key of a step that changes only the configuration starts from. */
  key: string;
}

export const scratch = (platform: Platform): BuildState => ({
  config: {},
  author: undefined,
  platform,
  layers: [],
  history: [],
  chainId: undefined,
  created: '1970-01-01T00:00:00Z',
  key: 'scratch',
});

export const chainOver = (parent: Digest | undefined, diffId: Digest): Digest =>
  parent === undefined ? diffId : digestOf(`${parent} ${diffId}`);

/** The configuration without what is not set, as it goes into the image. */
export const compactConfig = (config: RunConfig): RunConfig =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as RunConfig;
