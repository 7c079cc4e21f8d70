// POST /commit: a container's own files become a layer over its image, its configuration the image's.
// Rule: the snapshot of the container is only read; while that happens its processes stand still, unless asked otherwise.

import { asLabError } from '../../base/errors.ts';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { RunConfig } from '../../oci/image.ts';
import { emit } from '../../trace/recorder.ts';
import { applyLayer, packLayer } from '../build/layer.ts';
import { publishImage } from '../build/publish.ts';
import type { HistoryEntry, Layer } from '../build/state.ts';
import type { Container } from '../container/container.ts';
import { inspectContainer } from '../container/inspect.ts';
import { pauseContainer, unpauseContainer } from '../container/pause.ts';
import { snapshotOf } from '../container/record.ts';
import type { Engine } from '../engine.ts';
import { untouchedMountPoints } from '../files/mount-points.ts';
import { rootfsOf } from '../files/view.ts';
import { timestampNow } from '../time.ts';
import { withChanges } from './changes.ts';
import { withLease } from './lease.ts';
import type { ResolvedImage } from './store.ts';

export interface CommitRequest {
  /** Canonical references; none: the image has an id only. */
  names: readonly string[];
  comment: string;
  author: string;
  pause: boolean;
  changes: readonly string[];
  /** In place of the container's own configuration. */
  config: RunConfig | undefined;
  signal: AbortSignal;
}

/** Of a tar without entries. @source docker layer/empty.go DigestSHA256EmptyTar */
const emptyDiffId = digestOf(Buffer.alloc(1024));

/** The new image's id. Errors: notFound when its image is gone; those of containerd's Diff. */
export async function commitContainer(engine: Engine, container: Container, request: CommitRequest): Promise<Digest> {
  const image = await engine.images.resolve(container.record.image.id);
  const config = withChanges(request.config ?? runConfigOf(engine, container), request.changes);
  return await withLease(engine, async (lease) => {
    const work = { engine, lease, signal: request.signal, epoch: undefined };
    const layer = await whilePaused(engine, container, request.pause, () => layerOf(work, container, image));
    const isEmpty = layer.diffId === emptyDiffId;
    const chainId = isEmpty ? image.chainId : await applyLayer(work, image.chainId, layer);
    const state = stateOf({ container, image, request, config, added: isEmpty ? [] : [layer] });
    const { id } = await publishImage({ engine, lease, tags: request.names }, { ...state, chainId });
    emit('daemon.container-committed', {
      data: { id: container.id, image: id, layer: layer.descriptor.digest, sizeBytes: layer.descriptor.size },
      twin: `ctr -n ${engine.containerd.namespace} snapshots --snapshotter ${snapshotOf(container.record).snapshotter} diff ${container.id} | sha256sum`,
    });
    engine.events.publish('container', 'commit', container.id, container.eventAttributes({ comment: request.comment }));
    return id as Digest;
  });
}

type Work = Parameters<typeof packLayer>[0];

async function layerOf(work: Work, container: Container, image: ResolvedImage): Promise<Layer> {
  const { rootfs } = await rootfsOf(work.engine, container, 'commit');
  const [upper = '', ...lowers] = layersOf(rootfs);
  const ignored = untouchedMountPoints(upper, lowers);
  return await packLayer(work, { id: container.id, parent: image.chainId, mounts: rootfs, ignored });
}

async function whilePaused<T>(
  engine: Engine,
  container: Container,
  isAsked: boolean,
  body: () => Promise<T>,
): Promise<T> {
  if (!isAsked || container.status !== 'running') return await body();
  await pauseContainer(engine, container);
  try {
    return await body();
  } finally {
    // Killed meanwhile: then there is nothing left to let go.
    await unpauseContainer(engine, container).catch((error) => {
      if (asLabError(error).kind !== 'conflict') throw error;
    });
  }
}

interface Parts {
  container: Container;
  image: ResolvedImage;
  request: CommitRequest;
  config: RunConfig;
  added: Layer[];
}

function stateOf({ container, image, request, config, added }: Parts) {
  const created = timestampNow();
  const { architecture, os, variant, rootfs, history = [] } = image.config;
  const entry: HistoryEntry = {
    created,
    created_by: [container.record.path, ...container.record.args].join(' ').trim(),
    ...(request.author === '' ? {} : { author: request.author }),
    ...(request.comment === '' ? {} : { comment: request.comment }),
    ...(added.length === 0 ? { empty_layer: true } : {}),
  };
  const layers = image.manifest.layers.flatMap((descriptor, index): Layer[] => {
    const diffId = rootfs.diff_ids[index];
    return diffId === undefined ? [] : [{ descriptor, diffId }];
  });
  return {
    config,
    author: request.author === '' ? undefined : request.author,
    platform: { architecture, os, variant, 'os.version': undefined, 'os.features': undefined },
    layers: [...layers, ...added],
    history: [...(history as HistoryEntry[]), entry],
    created,
    key: '',
  };
}

/** What the container runs with, as its image would say it. */
function runConfigOf(engine: Engine, container: Container): RunConfig {
  const { Config: config } = inspectContainer(container, engine.facts);
  const { image, config: own } = container.record;
  return {
    User: config.User || undefined,
    ExposedPorts: someOf(config.ExposedPorts),
    Env: config.Env ?? undefined,
    Entrypoint: config.Entrypoint ?? undefined,
    Cmd: config.Cmd ?? undefined,
    Volumes: someOf({ ...image.config.Volumes, ...own.Volumes }),
    WorkingDir: config.WorkingDir || undefined,
    Labels: someOf(config.Labels),
    StopSignal: config.StopSignal || undefined,
    ArgsEscaped: undefined,
    Healthcheck: image.config.Healthcheck,
    OnBuild: image.config.OnBuild,
    Shell: image.config.Shell,
  };
}

const someOf = <T extends object>(map: T | null | undefined): T | undefined =>
  map === null || map === undefined || Object.keys(map).length === 0 ? undefined : map;
