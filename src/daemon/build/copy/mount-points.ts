// What a runtime makes in a root filesystem to mount on stays there as empty files and directories, and would be in the layer. Looked at before the
// container runs, taken away afterwards.
import { cleanPath } from '../../../dockerfile/match.ts';
import { fields, listTree, type Native, refuse, runNative } from './native.ts';

export interface MountPoints {
  /** Removes those that were not there before and are empty; their parents get their times back. */
  clean(): Promise<void>;
}

/** `targets`: absolute paths in the container, of RUN's mounts and of everything else that the container's spec mounts. */
export async function keepMountPoints(
  native: Native,
  rootfs: string,
  targets: readonly string[],
): Promise<MountPoints> {
  const prefixes = [...new Set(targets.flatMap(prefixesOf))];
  const listed = await listTree(
    native,
    rootfs,
    prefixes.map((path) => ({ kind: 'one', path })),
  );
  // A path that leads through symlinks is made where it leads to.
  const missing = [...new Set(listed.filter(({ entries }) => entries.length === 0).map(({ real }) => real))];
  const parents = await listTree(
    native,
    rootfs,
    missing.map((path) => ({ kind: 'one', path: above(path) })),
  );
  const requests = missing
    .map((path, index) => ({ path, modified: String(parents[index]?.entries[0]?.modifiedNs ?? 0n) }))
    .sort((a, b) => b.path.split('/').length - a.path.split('/').length);
  return {
    async clean() {
      if (requests.length === 0) return;
      const input = fields(requests.flatMap(({ path, modified }) => [path, modified]));
      const ended = await runNative(
        { binaryFolder: native.binaryFolder },
        ['tlab-copy', 'clean', '--root', rootfs],
        input,
      );
      if (ended.status !== 0) refuse(ended, 'removing mount points');
    },
  };
}

const above = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** `/a/b` → `a`, `a/b`. */
function prefixesOf(target: string): string[] {
  const parts = cleanPath(target).split('/').filter(Boolean);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
