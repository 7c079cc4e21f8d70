// Calls on mounts. mount(2) itself is explained by src/explain/subjects/mount.ts, by what is mounted where.
import type { Call } from '../call.ts';
import type { CallRow } from './row.ts';

const targetOf = (call: Call): string => {
  const data = call.operationEvent?.data;
  const values = data?.arguments as Record<string, unknown> | undefined;
  return String(data?.target ?? values?.path ?? '');
};
const of = (call: Call): string => (targetOf(call) === '' ? '' : ` for ${targetOf(call)}`);
const during =
  (...operations: string[]) =>
  (call: Call): boolean =>
    operations.includes(call.operation);
/** Our runtime sets the flags of these on the copy; of a bind mount that config.json asks for, after it is in its place. */
const flagsFirst = during('readonly_path', 'mask_path', 'root_bind');
const flagWords = (call: Call): string =>
  (/attr_set=([A-Z_|]+)/.exec(call.all)?.[1] ?? '').replaceAll('MOUNT_ATTR_', '').toLowerCase().replaceAll('|', ', ') ||
  'none is added';

export const mountCalls: readonly CallRow[] = [
  {
    id: 'pivot-root-dots',
    calls: ['pivot_root'],
    when: (call) => call.string(0) === '.' && call.string(1) === '.',
    does: "Makes the current directory, the container's root, the root of the mount namespace and puts the old root on top of it, at the same place. So no directory for the old root is needed in the image.",
    now: "After all mounts from the host were made, since the host's paths end here. The current directory must be a mount (bound on itself), and neither it nor the mounts above may be shared. The old root is detached next.",
    without:
      'The host\'s files would stay in reach. chroot instead only moves where "/" starts: a process with CAP_SYS_CHROOT can walk out; after pivot_root and the unmount there is nothing to walk out to.',
    shows: ['KRN-7', 'KRN-6'],
    source: 'man pivot_root(2)',
  },
  {
    id: 'pivot-root',
    calls: ['pivot_root'],
    does: (call) =>
      `Makes ${call.string(0)} the root of the mount namespace and puts the old root at ${call.string(1)}.`,
    now: "After all mounts from the host were made, since the host's paths end here; the old root is unmounted next.",
    without: "The host's files would stay in reach; chroot alone can be escaped by a process with CAP_SYS_CHROOT.",
    shows: ['KRN-7', 'KRN-6'],
    source: 'man pivot_root(2)',
  },
  {
    id: 'umount-old-root',
    calls: ['umount2'],
    when: (call) => call.has(1, 'MNT_DETACH') && call.string(0) === '.',
    does: "Takes the old root out of the mount namespace: the host's files have no name left in it. MNT_DETACH (lazy) is needed: this process still stands in there, and other mounts lie below (EBUSY otherwise).",
    now: 'Right after pivot_root, and after the old root was made a slave: or the unmounting would travel to the host.',
    without:
      "The host's whole file system would lie under the container's root: whoever unmounts what covers it sees it all.",
    shows: ['KRN-7', 'KRN-6'],
    source: 'man umount2(2)',
  },
  {
    id: 'umount',
    calls: ['umount2', 'umount'],
    does: (call) =>
      `Unmounts ${call.string(0)}${call.has(1, 'MNT_DETACH') ? ' at once from all paths, and truly when its last user is gone (MNT_DETACH)' : ''}.`,
    now: 'When nobody needs what was mounted there any more; without MNT_DETACH a busy one refuses with EBUSY.',
    without: (call) =>
      call.string(0).endsWith('/rootfs')
        ? 'The mount would stay on the host. An overlay holds its layers: they could not be removed. The writable layer itself is not touched by this.'
        : 'The mount would stay, and with it all that it keeps busy.',
    shows: ['STO-3'],
    source: 'man umount2(2)',
  },
  {
    id: 'chroot',
    calls: ['chroot'],
    isRuntimes: true,
    does: (call) =>
      `Absolute paths of this process start at "${call.string(0)}" from here on. It changes no mount and no current directory.`,
    now: 'Where pivot_root cannot be used, after the root was moved to "/".',
    without:
      "Absolute paths would still be the old root's. It is no wall by itself: with CAP_SYS_CHROOT one can walk out.",
    shows: ['KRN-7'],
    source: 'man chroot(2)',
  },
  {
    id: 'open-tree-mask',
    calls: ['open_tree'],
    when: during('mask_path'),
    does: 'Takes a copy of the mount of /dev/null, not attached anywhere yet (OPEN_TREE_CLONE).',
    now: 'After it was checked to be the null device (1:3): a container could have put anything at its /dev/null (CVE-2025-31133). move_mount sets it on the path next.',
    without: 'There would be nothing to cover the path with.',
    shows: ['SEC-6', 'SEC-5'],
    source: 'man open_tree(2)',
  },
  {
    id: 'open-tree-clone',
    calls: ['open_tree'],
    when: (call) => call.has(2, 'OPEN_TREE_CLONE'),
    does: (call) =>
      `Makes a bind mount that is attached nowhere yet, a descriptor only${of(call)}: the first of three steps that mount --bind does in one.`,
    now: (call) =>
      flagsFirst(call)
        ? 'First, so that its flags (mount_setattr) are set before anybody can see it; move_mount then puts it in its place.'
        : 'First: the source is held by descriptor before the target is looked up. move_mount puts it in its place, mount_setattr gives it its flags; no program of the container runs yet.',
    without: (call) =>
      flagsFirst(call)
        ? 'With mount(2) the bind would be visible and writable until a second call makes it read-only.'
        : 'With mount(2) source and target would be paths, looked up at the same moment: a link that somebody exchanges meanwhile could lead elsewhere.',
    shows: ['STO-4', 'KRN-6'],
    source: 'man open_tree(2)',
  },
  {
    id: 'open-tree',
    calls: ['open_tree'],
    does: 'Opens a place in the tree of mounts as a descriptor.',
    source: 'man open_tree(2)',
  },
  {
    id: 'mount-setattr-propagation',
    calls: ['mount_setattr'],
    when: (call) =>
      call.says('MS_PRIVATE') || call.says('MS_SLAVE') || call.says('MS_SHARED') || call.says('MS_UNBINDABLE'),
    does: (call) =>
      `Sets how mounts travel${of(call)}: ${call.says('MS_PRIVATE') ? 'private, neither in nor out' : call.says('MS_SLAVE') ? 'slave, in but never out' : call.says('MS_SHARED') ? 'shared, in and out' : 'unbindable'}${call.has(2, 'AT_RECURSIVE') ? ', for all mounts below as well' : ''}.`,
    now: (call) =>
      call.operation === 'root_bind'
        ? 'On the copy, before it is attached: pivot_root refuses a new root that is shared, or whose parent mount is.'
        : 'Last of the steps of this mount: propagation takes a call of its own.',
    without: (call) =>
      call.says('MS_SHARED')
        ? 'What is mounted below it would stay invisible outside, which is the usual wish; here the opposite was asked for.'
        : call.says('MS_SLAVE')
          ? 'It would be as what it was copied from: of a shared mount, another peer, and mounts would travel both ways.'
          : 'It would be as what it was copied from: of a slave, a slave, and mounts that the host makes below the source would show up here.',
    shows: ['KRN-2', 'KRN-7'],
    source: 'man mount_setattr(2)',
  },
  {
    id: 'mount-setattr-readonly',
    calls: ['mount_setattr'],
    when: (call) => /attr_set=[^,}]*MOUNT_ATTR_RDONLY/.test(call.all),
    does: (call) =>
      `Makes the mount read-only${of(call)}${call.has(2, 'AT_RECURSIVE') ? ', with all mounts below' : ''}; the file system behind it stays writable elsewhere.`,
    now: (call) =>
      flagsFirst(call)
        ? 'On the copy, before it is attached: nobody ever sees it writable.'
        : 'After what had to be made there has been made, and before the program runs.',
    without: (call) =>
      call.operation === 'readonly_path'
        ? "Root in the container could write there, and so change settings of the host's kernel."
        : 'The container could write there.',
    shows: ['SEC-2', 'KRN-6'],
    source: 'man mount_setattr(2)',
  },
  {
    id: 'mount-setattr',
    calls: ['mount_setattr'],
    does: (call) => `Sets flags of this one mount${of(call)}: ${flagWords(call)}.`,
    now: 'Before the program runs: flags belong to the mount, and a bind begins with those of its source.',
    without: 'The bind would have the flags of the mount that it was taken from.',
    shows: ['STO-4'],
    source: 'man mount_setattr(2)',
  },
  {
    id: 'move-mount-root',
    calls: ['move_mount'],
    when: during('root_bind'),
    does: 'Attaches the copy of the root filesystem over the original: now it is a mount of its own.',
    now: 'After it was made private. pivot_root needs this mount; all other mounts of the container are made inside it.',
    without:
      "pivot_root would fail with EINVAL where the root of a bundle is a plain directory; an engine's overlay is a mount already.",
    shows: ['KRN-7', 'KRN-6'],
    source: 'man move_mount(2)',
  },
  {
    id: 'move-mount',
    calls: ['move_mount'],
    does: (call) =>
      `Attaches a mount that was prepared as a descriptor${targetOf(call) === '' ? '' : ` on ${targetOf(call)}`}. Both sides are descriptors: no path is looked up again.`,
    now: (call) =>
      flagsFirst(call)
        ? 'After its flags were set on the copy.'
        : 'After source and target are open; its flags and its propagation follow.',
    without:
      'The mount would vanish with its descriptor. By path instead, a link in the image could lead it to another place (CVE-2021-30465 was such a race).',
    shows: ['KRN-6', 'SEC-6'],
    source: 'man move_mount(2)',
  },
  {
    id: 'fsopen',
    calls: ['fsopen', 'fspick'],
    does: (call) =>
      `Begins a mount in steps: ${call.name === 'fsopen' ? `a new file system of type ${call.string(0)}` : 'a change to one that is mounted'}.`,
    now: 'First: fsconfig sets the options, fsmount makes the mount, move_mount attaches it.',
    without: 'mount(2) does the same in one call, with all options in one string of at most a page.',
    shows: ['KRN-6'],
    source: 'man fsopen(2)',
  },
  {
    id: 'fsconfig',
    calls: ['fsconfig'],
    does: (call) =>
      call.says('FSCONFIG_CMD_CREATE')
        ? 'Creates the file system with the options set so far.'
        : `Sets an option of the file system: ${call.string(2)}.`,
    now: 'Between fsopen and fsmount.',
    without: 'The option would have its default.',
    shows: ['KRN-6'],
    source: 'man fsconfig(2)',
  },
  {
    id: 'fsmount',
    calls: ['fsmount'],
    does: 'Makes a mount of the configured file system, as a descriptor, attached nowhere yet.',
    now: 'After fsconfig created it; move_mount attaches it.',
    without: 'The file system would exist and nobody could reach it.',
    shows: ['KRN-6'],
    source: 'man fsmount(2)',
  },
];
