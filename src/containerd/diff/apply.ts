// A layer onto a snapshot: the native unpacker reads the blob from its standard input and writes into the snapshot's own directory, so
// nothing is mounted and no byte of a layer passes through this process. It also computes the diffId.
import { closeSync, openSync } from 'node:fs';
import * as v from 'valibot';
import { isDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';
import { runLayerProgram } from './program.ts';

const resultSchema = v.object({
  entries: v.number(),
  bytesOut: v.number(),
  diffId: v.pipe(v.string(), v.check(isDigest, 'expected a digest')),
});
export type Unpacked = v.InferOutput<typeof resultSchema>;

export interface Layer {
  digest: string;
  /** The blob's file. */
  path: string;
  /** Where to unpack: a snapshot's fs directory. */
  directory: string;
  /** The directories of the layers below, topmost first: what a parent that the layer does not bring looks like. */
  lowers?: readonly string[];
}

/** Unpacks with overlay whiteouts. Errors: dataLoss when the layer is corrupt or would leave its directory. */
export async function applyLayer(layer: Layer, unpacker: string, signal?: AbortSignal): Promise<Unpacked> {
  const startedMs = performance.now();
  const unpacked = await unpack(layer, unpacker, signal);
  const { digest, directory, path } = layer;
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
  { digest, path, directory, lowers = [] }: Layer,
  unpacker: string,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  const args = ['--directory', directory, '--whiteouts', 'overlay', ...lowers.flatMap((one) => ['--lower', one])];
  const blob = openSync(path, 'r');
  try {
    const what = `unpacking layer ${digest}`;
    return v.parse(resultSchema, await runLayerProgram({ path: unpacker, args, stdin: blob, what, signal }));
  } finally {
    closeSync(blob);
  }
}
