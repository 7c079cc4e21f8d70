// Runtimes: tlab's own, the real runc, crun and runsc where they are found on the PATH, and those of daemon.json.

import { accessSync, constants } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { OptionsSchema } from '../shim/proto/gen/runc_options_pb.ts';
import type { CgroupDriver } from './cgroups.ts';
import type { Configuration } from './configuration.ts';

export interface Runtime {
  name: string;
  /** containerd's name of the shim: `io.containerd.tlab.v2` is the program containerd-shim-tlab-v2. */
  type: string;
  /** The OCI runtime that the shim calls; empty: the shim's own choice. */
  binary: string;
}

const ownRuntime = 'tlab';
const ownShim = 'io.containerd.tlab.v2';

/** @source dockerd daemon.json runtimes */
export function availableRuntimes(configuration: Configuration): Map<string, Runtime> {
  const runtimes = new Map<string, Runtime>([[ownRuntime, { name: ownRuntime, type: ownShim, binary: '' }]]);
  for (const name of ['runc', 'crun', 'runsc']) {
    const binary = findProgram(name);
    if (binary !== undefined) runtimes.set(name, { name, type: ownShim, binary });
  }
  for (const [name, { path, runtimeType }] of Object.entries(configuration.runtimes ?? {})) {
    runtimes.set(name, { name, type: runtimeType ?? ownShim, binary: path ?? '' });
  }
  return runtimes;
}

export function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH || '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin').split(':');
  return folders.map((folder) => `${folder}/${name}`).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ours understands what the others of containerd 1 do not: id-mapped layers. */
export const isOwnShim = ({ type }: Runtime): boolean => type === ownShim;

export function defaultRuntime(configuration: Configuration): string {
  return configuration['default-runtime'] ?? ownRuntime;
}

/** Errors: invalidArgument in Docker's words. */
export function requireRuntime(runtimes: ReadonlyMap<string, Runtime>, name: string): Runtime {
  const runtime = runtimes.get(name);
  if (runtime !== undefined) return runtime;
  throw new LabError('invalidArgument', `unknown or invalid runtime name: ${name}`, {
    hint: `there are ${[...runtimes.keys()].join(', ')}`,
  });
}

/** `streams` own the container's pipes. @source containerd runc options: which program the shim runs and where it keeps its state */
export function runtimeOptions(
  runtime: Runtime,
  streams: { uid: number; gid: number } = { uid: 0, gid: 0 },
  driver: CgroupDriver = 'cgroupfs',
): { typeUrl: string; value: Uint8Array } | undefined {
  const systemdCgroup = driver === 'systemd';
  if (runtime.binary === '' && streams.uid === 0 && streams.gid === 0 && !systemdCgroup) return undefined;
  const own = runtime.binary === '' ? {} : { binaryName: runtime.binary, root: `${paths.runtimeRoot}-${runtime.name}` };
  const options = create(OptionsSchema, { ...own, ioUid: streams.uid, ioGid: streams.gid, systemdCgroup });
  return { typeUrl: 'containerd.runc.v1.Options', value: toBinary(OptionsSchema, options) };
}
