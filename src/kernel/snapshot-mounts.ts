// What an overlay mount shows, as containerd's door has mounts. @source kernel-doc overlayfs; man mount(8) overlay

export interface SnapshotMount {
  type: string;
  source: string;
  options: readonly string[];
}

/** The directories that the mounts of a snapshot show, topmost first. */
export function layersOf(mounts: readonly SnapshotMount[]): string[] {
  const [mount] = mounts;
  if (mount === undefined) return [];
  if (mount.type !== 'overlay') return [mount.source];
  const option = (name: string): string[] =>
    mount.options.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  return [...option('upperdir'), ...option('lowerdir').flatMap((list) => list.split(':'))].filter(
    (path) => path !== '',
  );
}
