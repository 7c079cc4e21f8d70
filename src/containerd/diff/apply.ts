// A layer onto a snapshot: the native unpacker reads the blob from its standard input and writes into the snapshot's own directory, so
// nothing is mounted and no byte of a layer passes through this process. It also computes the diffId.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { isDigest } from '../../oci/digest.ts';
import { emit } from '../../trace/recorder.ts';

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

/** What the unpacker ends with when disk or quota are full. */
const fullStatus = 3;

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
  const blob = openSync(path, 'r');
  const options = signal === undefined ? {} : { signal };
  const child = spawn(
    unpacker,
    ['--directory', directory, '--whiteouts', 'overlay', ...lowers.flatMap((one) => ['--lower', one])],
    {
      stdio: [blob, 'pipe', 'pipe'],
      ...options,
    },
  );
  closeSync(blob);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout = (stdout + chunk.toString()).slice(-4096);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4096);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new LabError('internal', `executing ${unpacker}: ${error.message}`, { cause: error })),
    );
    child.once('close', resolve);
  });
  if (code !== 0) {
    const kind = code === fullStatus ? 'resourceExhausted' : 'dataLoss';
    throw new LabError(kind, `unpacking layer ${digest}: ${stderr.trim() || `the unpacker ended with ${code}`}`);
  }
  return v.parse(resultSchema, JSON.parse(stdout));
}
