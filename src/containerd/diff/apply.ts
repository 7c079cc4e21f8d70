// A layer onto a snapshot: the native unpacker reads the blob from its standard input and writes into the snapshot's own directory, so
// nothing is mounted and no byte of a layer passes through this process. It also computes the diffId.
import { closeSync, openSync } from 'node:fs';
import * as v from 'valibot';
import { isDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import type { UnpackingPlace } from '../snapshot/snapshots.ts';
import { runLayerProgram } from './program.ts';

const resultSchema = v.object({
  entries: v.number(),
  bytesOut: v.number(),
  diffId: v.pipe(v.string(), v.check(isDigest, 'expected a digest')),
  /** What the directory takes on disk now. */
  usage: v.object({ sizeBytes: v.number(), fileBytes: v.number(), inodes: v.number() }),
});
export type Unpacked = v.InferOutput<typeof resultSchema>;

export interface Layer {
  digest: string;
  /** The blob's file. */
  path: string;
  /** A snapshot's fs directory, and the directories of the layers below, topmost first: what a parent that the layer does not bring looks like. */
  place: UnpackingPlace;
}

/** Bounds against decompression bombs; what is left out is the unpacker's own. */
export interface UnpackLimits {
  maxBytes?: number | undefined;
  maxEntries?: number | undefined;
  maxRatio?: number | undefined;
}

export interface Unpacker {
  /** Path of tlab-unpack. */
  path: string;
  limits: UnpackLimits;
}

/** Errors: dataLoss when the layer is corrupt, would leave its directory or is larger than the limits; resourceExhausted when the disk is full. */
export async function applyLayer(layer: Layer, unpacker: Unpacker, signal?: AbortSignal): Promise<Unpacked> {
  const startedMs = performance.now();
  const unpacked = await unpack(layer, unpacker, signal);
  const { digest, path } = layer;
  const { directory } = layer.place;
  emit('containerd.layer-unpacked', {
    data: {
      digest,
      diffId: unpacked.diffId,
      directory,
      entries: unpacked.entries,
      sizeBytes: unpacked.bytesOut,
      durationMs: Math.round(performance.now() - startedMs),
    },
    twin: `tar --extract --numeric-owner --xattrs --directory ${directory} --file ${path}`,
  });
  return unpacked;
}

async function unpack(
  { digest, path, place: { directory, lowers, whiteouts } }: Layer,
  unpacker: Unpacker,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  const below = lowers.flatMap((one) => ['--lower', one]);
  const args = [
    '--directory',
    directory,
    '--whiteouts',
    whiteouts,
    '--usage',
    ...below,
    ...limitArguments(unpacker.limits),
  ];
  const blob = openSync(path, 'r');
  try {
    const what = `unpacking layer ${digest}`;
    return v.parse(resultSchema, await runLayerProgram({ path: unpacker.path, args, stdin: blob, what, signal }));
  } finally {
    closeSync(blob);
  }
}

const limitArguments = ({ maxBytes, maxEntries, maxRatio }: UnpackLimits): string[] =>
  Object.entries({ '--max-bytes': maxBytes, '--max-entries': maxEntries, '--max-ratio': maxRatio }).flatMap(
    ([flag, value]) => (value === undefined ? [] : [flag, String(value)]),
  );
