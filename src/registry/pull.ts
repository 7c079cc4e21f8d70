// Pulls one image for one platform: resolve the name, then manifest, config and layers into the content store.
// What is stored already is not fetched again; nothing is kept that is not verified.
import type { Digest } from '../oci/digest.ts';
import type { Descriptor, ImageConfig, Platform } from '../oci/image.ts';
import { formatPlatform, hostPlatform } from '../oci/platform.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { emit } from '../trace/recorder.ts';
import { type ClientOptions, RegistryClient } from './client.ts';
import type { ContentSink } from './content-sink.ts';
import {
  type ChosenManifest,
  chooseManifest,
  fetchConfig,
  layersOf,
  type PulledLayer,
  storeDocuments,
} from './documents.ts';
import type { BlobProgress, FetchContext } from './fetch-blob.ts';
import { fetchLayers, type LayerTaker } from './fetch-layers.ts';
import { endpointsOf, type RegistryConfiguration } from './hosts.ts';
import { LayoutSource } from './layout-source.ts';
import { type Resolution, resolveAnywhere } from './resolve.ts';
import type { ImageSource } from './source.ts';

export type PullProgress =
  | { kind: 'resolved'; reference: string; digest: Digest; source: string }
  /** One line for the person: what was used instead of what. */
  | { kind: 'notice'; text: string }
  | ({ kind: 'blob' } & BlobProgress);

export interface PullOptions {
  reference: Reference;
  content: ContentSink;
  /** The host's unless given. */
  platform?: Platform | undefined;
  configuration?: RegistryConfiguration;
  client?: ClientOptions;
  /** Where to look instead of registry and library. */
  sources?: readonly ImageSource[];
  /** Called once a layer, from the bottom up, as soon as the layer is stored and the one below is done. */
  onLayer?: LayerTaker;
  progress?: (progress: PullProgress) => void;
  signal?: AbortSignal | undefined;
}

export interface PulledImage {
  /** Canonical: `docker.io/library/nginx:latest`. */
  reference: string;
  /** What the name stands for: an index or a manifest. */
  target: Descriptor;
  manifest: Descriptor;
  configDescriptor: Descriptor;
  config: ImageConfig;
  layers: PulledLayer[];
  source: { kind: ImageSource['kind']; name: string };
  /** Set when the library stood in for a registry. */
  notice: string | undefined;
}

/** Errors: notFound, permissionDenied, resourceExhausted, unavailable, dataLoss, notImplemented, cancelled. */
export async function pull(options: PullOptions): Promise<PulledImage> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const sources = options.sources ?? sourcesFor(options, signal);
  try {
    const resolution = await resolveAnywhere(options.reference, sources);
    return await pullFrom(options, resolution, { stop, signal });
  } finally {
    for (const source of sources) source.close();
  }
}

function sourcesFor(options: PullOptions, signal: AbortSignal): ImageSource[] {
  const endpoints = endpointsOf(options.reference.domain, options.configuration);
  const clients = endpoints.map((endpoint) => new RegistryClient(endpoint, { ...options.client, signal }));
  return [...clients, new LayoutSource()];
}

async function pullFrom(
  options: PullOptions,
  resolution: Resolution,
  running: { stop: AbortController; signal: AbortSignal },
): Promise<PulledImage> {
  const { source, resolved, notice } = resolution;
  const reference = formatReference(options.reference);
  const platform = options.platform ?? hostPlatform();
  const context = contextOf(options, source, running.signal);
  const progress = options.progress ?? (() => undefined);
  if (notice !== undefined) progress({ kind: 'notice', text: notice });
  progress({ kind: 'resolved', reference, digest: resolved.descriptor.digest, source: source.name });
  const chosen = await chooseManifest(context, resolved, platform);
  emitResolved(context, resolution, { chosen, platform });
  const config = await fetchConfig(context, chosen.manifest);
  const layers = layersOf(reference, chosen.manifest, config);
  await storeDocuments(context, resolved, chosen);
  await fetchLayers(context, layers, { onLayer: options.onLayer, stop: running.stop });
  return {
    reference,
    target: resolved.descriptor,
    manifest: chosen.descriptor,
    configDescriptor: chosen.manifest.config,
    config,
    layers,
    source: { kind: source.kind, name: source.name },
    notice,
  };
}

function contextOf(options: PullOptions, source: ImageSource, signal: AbortSignal): FetchContext {
  return {
    source,
    reference: options.reference,
    content: options.content,
    signal,
    wait: options.client?.wait,
    progress: (one) => options.progress?.({ kind: 'blob', ...one }),
  };
}

function emitResolved(
  context: FetchContext,
  { source, resolved, notice }: Resolution,
  { chosen, platform }: { chosen: ChosenManifest; platform: Platform },
): void {
  emit('containerd.image-resolved', {
    data: {
      reference: formatReference(context.reference),
      digest: resolved.descriptor.digest,
      mediaType: resolved.descriptor.mediaType,
      source: source.name,
      manifestDigest: chosen.descriptor.digest,
      platform: formatPlatform(platform),
      layers: chosen.manifest.layers.length,
      ...(notice === undefined ? {} : { notice }),
    },
    twin: source.twin(context.reference, resolved.descriptor),
  });
}
