// Secrets that a RUN wants as variables. In config.json they would stand on disk, in containerd's database too; so a small program of ours reads
// them inside the container from a file in memory, and becomes the command.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import type { UndoStack } from '../../../base/undo.ts';
import type { Mounts } from '../../../kernel/kernel.ts';
import type { MountSpec } from '../../../oci/runtime.ts';

const programTarget = '/dev/pipes/tlab-environment';
const fileTarget = '/dev/pipes/secrets';

export interface SecretVariables {
  /** In front of the command. */
  argv: string[];
  mounts: MountSpec[];
}

interface Places {
  folder: string;
  binaryFolder: string;
  mounts: Mounts;
}

/** `env`: NAME=VALUE. The file goes with `undo`, after the container's end. */
export function secretVariables(env: readonly string[], places: Places, undo: UndoStack): SecretVariables {
  if (env.length === 0) return { argv: [], mounts: [] };
  const folder = `${places.folder}/variables`;
  mkdirSync(folder, { mode: 0o700 });
  undo.push('folder of secrets', () => rmdirSync(folder));
  places.mounts.attach({
    source: 'tmpfs',
    target: folder,
    fstype: 'tmpfs',
    flags: ['MS_NOSUID', 'MS_NODEV', 'MS_NOEXEC'],
    data: 'mode=0700',
  });
  undo.push('secrets', () => places.mounts.detach(folder, ['MNT_DETACH', 'UMOUNT_NOFOLLOW']));
  const file = `${folder}/list`;
  // Whoever runs in this container was given them.
  writeFileSync(file, env.map((entry) => `${entry}\0`).join(''), { mode: 0o444, flag: 'wx' });
  const bound = (destination: string, source: string): MountSpec => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', 'ro', 'rprivate'],
  });
  return {
    argv: [programTarget, fileTarget],
    mounts: [bound(programTarget, `${places.binaryFolder}/tlab-environment`), bound(fileTarget, file)],
  };
}
