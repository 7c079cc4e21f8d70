// Two stacks of mounts into a layer blob: what the right one adds to the left one. The native packer reads the snapshot's own
// directory and writes into the ingest's file, so nothing is mounted and no byte passes through this process.
// Rule: the blob becomes visible when it is whole and hashed, and under its maker's lease; an interrupted one leaves an ingest.

import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import { isDigest, parseDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { Ingests } from '../content/ingest.ts';
import type { BlobInfo } from '../content/store.ts';
import type { Labels } from '../metadata/labels.ts';
import type { Leases } from '../metadata/leases.ts';
import type { Mount } from '../snapshot/mounts.ts';
import { runLayerProgram } from './program.ts';

const digestSchema = v.pipe(v.string(), v.check(isDigest, 'expected a digest'));
const reportSchema = v.object({
  entries: v.number(),
  bytesTar: v.number(),
  bytesOut: v.number(),
  diffId: digestSchema,
  digest: digestSchema,
});

/** @source oci-image layer; docker image manifest v2 schema 2 */
const compressions: Readonly<Record<string, 'none' | 'gzip' | 'zstd' | undefined>> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'zstd',
};
/** @source containerd diff/walking/differ.go */
const defaultMediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface DiffParts {
  ingests: Ingests;
  leases: Leases;
  namespace: string;
  lease: string | undefined;
  /** Path of tlab-pack. */
  packer: string;
  signal: AbortSignal;
}

export interface DiffRequest {
  left: readonly Mount[];
  right: readonly Mount[];
  /** Empty: gzip, as OCI names it. */
  mediaType: string;
  /** Of the ingest; empty: one is made up. */
  ref: string;
  labels: Labels;
  /** Later modification times become this one. */
  clampSeconds: number | undefined;
  /** Parted by `:`. What is new and empty there is left out. */
  ignoredPaths: string;
}

/** Errors: notImplemented for a media type; invalidArgument for mounts that are not a snapshot and its parent; resourceExhausted. */
export async function createDiff(
  parts: DiffParts,
  request: DiffRequest,
): Promise<{ mediaType: string; blob: BlobInfo }> {
  const mediaType = request.mediaType || defaultMediaType;
  const compression = compressions[mediaType];
  if (compression === undefined)
    throw new LabError('notImplemented', `unsupported diff media type "${mediaType}": not implemented`);
  const trees = treesOf(request);
  const clamp = request.clampSeconds === undefined ? [] : ['--clamp', String(request.clampSeconds)];
  const ref = request.ref || `diff-${newContainerId().slice(0, 20)}`;
  const ingest = await parts.ingests.open(parts.namespace, { ref });
  try {
    await ingest.restart();
    const startedMs = performance.now();
    const ignored = request.ignoredPaths.split(':').flatMap((path) => (path === '' ? [] : ['--ignore', path]));
    const args = [...argumentsOf(trees), '--compression', compression, ...clamp, ...ignored];
    const what = `packing ${trees.directory}`;
    const { packer, signal } = parts;
    const report = v.parse(
      reportSchema,
      await runLayerProgram({ path: packer, args, stdout: ingest.descriptor, what, signal }),
    );
    const blob = await ingest.commitFilled(
      { digest: parseDigest(report.digest), size: report.bytesOut },
      {
        labels: { ...request.labels, 'containerd.io/uncompressed': report.diffId },
        hold: (digest) => parts.leases.hold(parts.namespace, parts.lease, { type: 'content', id: digest }),
      },
    );
    told(trees, report, performance.now() - startedMs);
    return { mediaType, blob };
  } finally {
    await ingest.close({ discard: true });
  }
}

interface Trees {
  directory: string;
  /** An upper directory says itself what it hides; otherwise the tree that it is compared with. */
  against: string | undefined;
}

/** What of two stacks is to be packed. The right one is the left one with one more directory on top, or a copy of it. */
function treesOf({ left, right }: DiffRequest): Trees {
  const [above, ...below] = layersOf(right);
  const lefts = layersOf(left);
  if ([...left, ...right].some(({ options }) => options.some((option) => /^[ug]idmap=/.test(option))))
    throw new LabError('notImplemented', 'making a layer of a snapshot whose ids are mapped');
  if (above !== undefined && below.join(':') === lefts.join(':')) return { directory: above, against: undefined };
  const [one] = lefts;
  if (above !== undefined && below.length === 0 && lefts.length === 1) return { directory: above, against: one };
  throw new LabError(
    'invalidArgument',
    `making a layer: the mounts have ${lefts.length} directories on the left, and on the right others than those with one more on top`,
    { hint: 'give the mounts of a snapshot, and those of a view of its parent' },
  );
}

const argumentsOf = ({ directory, against }: Trees): string[] => [
  '--directory',
  directory,
  ...(against === undefined ? ['--upper'] : ['--against', against]),
];

function told({ directory, against }: Trees, report: v.InferOutput<typeof reportSchema>, durationMs: number): void {
  emit('containerd.layer-packed', {
    data: {
      digest: report.digest,
      diffId: report.diffId,
      directory,
      against: against ?? '',
      entries: report.entries,
      sizeBytes: report.bytesOut,
      durationMs: Math.round(durationMs),
    },
    // Whiteouts apart: tar knows overlayfs's devices as devices.
    twin: `tar --create --sort=name --numeric-owner --xattrs --directory ${directory} . | gzip -n | sha256sum`,
  });
}
