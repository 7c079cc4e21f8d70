// tlab-containerd: the containerd stage as a process. One instance a state folder; SIGTERM leaves every container running.
//   tlab-containerd [--address PATH] [--root DIR] [--state DIR] [--log-level LEVEL] [--layer-max-bytes N] [--layer-max-entries N] [--layer-max-ratio N]
//   tlab-containerd --address PATH publish --topic TOPIC --namespace NAMESPACE  < event    (for shims without ttrpc)
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { binaryFolder } from '../base/binary-folder.ts';
import { asLabError, errorKinds, LabError } from '../base/errors.ts';
import { collectAtOnce } from '../base/garbage.ts';
import { paths } from '../base/paths.ts';
import type { UnpackLimits } from './diff/apply.ts';
import { takeLock } from './lock.ts';

const options = {
  address: { type: 'string', short: 'a', default: paths.containerdSocket },
  root: { type: 'string', default: paths.containerdRoot },
  state: { type: 'string', default: paths.containerdState },
  'log-level': { type: 'string', short: 'l', default: 'info' },
  'layer-max-bytes': { type: 'string' },
  'layer-max-entries': { type: 'string' },
  'layer-max-ratio': { type: 'string' },
  topic: { type: 'string' },
  namespace: { type: 'string' },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [verb] = positionals;
  if (verb === 'publish') {
    const { publish } = await import('./publish.ts');
    return publish({ address: values.address, topic: values.topic, namespace: values.namespace });
  }
  if (verb !== undefined) throw new LabError('usage', `argument "${verb}": expected none, or publish`);
  const unpackLimits = {
    maxBytes: positive('--layer-max-bytes', values['layer-max-bytes']),
    maxEntries: positive('--layer-max-entries', values['layer-max-entries']),
    maxRatio: positive('--layer-max-ratio', values['layer-max-ratio']),
  };
  const places = { address: resolve(values.address), root: resolve(values.root), state: resolve(values.state) };
  await run(places, unpackLimits);
}

function positive(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new LabError('usage', `${flag} "${value}": expected a positive whole number`);
  return number;
}

async function run(
  places: { address: string; root: string; state: string },
  unpackLimits: UnpackLimits,
): Promise<void> {
  process.umask(0o022);
  for (const [folder, mode] of [
    [places.state, 0o711],
    [places.root, 0o700],
    [dirname(places.address), 0o711],
  ] as const) {
    mkdirSync(folder, { recursive: true, mode });
  }
  const lock = await takeLock(`${places.state}/containerd.pid`);
  const { openStage } = await import('./stage.ts');
  const { serve } = await import('./server.ts');
  const stage = await openStage({
    ...places,
    publishBinary: writePublisher(places.state),
    binaryFolder: binaryFolder(),
    unpackLimits,
  });
  const server = await serve(stage, paths.traces);
  console.error(`tlab-containerd: listening at ${places.address} (pid ${process.pid})`);
  // The first task should not pay for loading the compiler.
  void import('../runc/compile.ts');
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await server.close();
    stage.close();
    lock.release();
    process.exit(0);
  };
  // A second signal changes nothing: the database is closed in peace, or its log stays behind.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
}

/** A shim wants one path to execute; we are an interpreter and a file. */
function writePublisher(state: string): string {
  const path = `${state}/publish`;
  const self = process.argv[1] ?? '';
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${self}' "$@"\n`, { mode: 0o700 });
  return path;
}

collectAtOnce();
main().catch((thrown: unknown) => {
  const error = asLabError(thrown);
  console.error(`tlab-containerd: ${error.message}`);
  if (error.hint !== undefined) console.error(`try: ${error.hint}`);
  process.exit(errorKinds[error.kind].exit);
});
