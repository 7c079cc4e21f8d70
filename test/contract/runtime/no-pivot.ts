// Without pivot_root(2), as on an initial ramfs: the container's root is moved over the host's, whose mounts stay beneath it.
// @source man runc-create(8); linux fs/namespace.c mount_too_revealing
import type { Behaviour } from '../behaviour.ts';
import type { Place } from '../place.ts';

export const withoutPivot = (place: Place): Behaviour[] => [
  {
    title: 'run --no-pivot gives the container its root filesystem and none of the host’s mounts',
    observe: async () => {
      const look = `[ -e ${place.folder} ] || echo hidden; ls -d /proc/self; awk '{ print $5 }' /proc/self/mountinfo | head -2`;
      await using container = place.container(['sh', '-c', look]);
      return (await container.run(['--no-pivot'])).stdout;
    },
    expected: 'hidden\n/proc/self\n/\n/proc',
  },
  {
    title: 'a user namespace in the container mounts no procfs without the masks, with and without --no-pivot',
    observe: async () => {
      const mounts = async (flags: readonly string[], isMasked: boolean): Promise<boolean> => {
        const script = 'mount -t proc proc /tmp && echo mounted';
        await using container = place.container(['unshare', '-Urmpf', 'sh', '-c', script], {
          edit: ({ process, linux }) => {
            process.user = { uid: 1000, gid: 1000 };
            if (!isMasked) Object.assign(linux, { maskedPaths: [], readonlyPaths: [] });
          },
        });
        return (await container.run(flags)).stdout === 'mounted\n';
      };
      return [await mounts([], true), await mounts(['--no-pivot'], true), await mounts([], false)];
    },
    expected: [false, false, true],
  },
];
