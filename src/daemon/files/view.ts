// How a container's files are reached: as arguments of tlab-pack and tlab-unpack, which put its mounts together in a namespace of their own.
// Running, its root filesystem is mounted already, and mounting an overlay twice is undefined; stopped, it is mounted for that moment.
// Rule: names out of a container are resolved by the kernel beneath that root, in a process that has no way out of it.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { layersOf, type SnapshotMount } from '../../kernel/snapshot-mounts.ts';
import type { Container } from '../container/container.ts';
import { filesOf } from '../container/files.ts';
import { snapshotOf } from '../container/record.ts';
import type { Engine } from '../engine.ts';

export interface FilesView {
  /** `--directory …`, with `--mount`, `--bind` and `--bind-read-only` as needed. */
  args: string[];
  /** The snapshot's mounts. */
  rootfs: SnapshotMount[];
}

/** The root filesystem alone, as images and exports have it. Errors: notImplemented for mapped ids. */
export async function rootfsOf(engine: Engine, container: Container, verb: string): Promise<FilesView> {
  if (container.record.remap !== undefined)
    throw new LabError('notImplemented', `${verb}: containers with mapped ids (userns-remap) are not supported`, {
      hint: 'create the container with --userns=host',
    });
  const { mounts } = await engine.containerd.snapshots.mounts(snapshotOf(container.record));
  const [mount] = mounts;
  if (mount === undefined) throw new LabError('internal', `container ${container.id}: its snapshot has no mounts`);
  const rootfs = mounts.map(({ type, source, options }) => ({ type, source, options }));
  if (mount.type === 'bind') return { args: ['--directory', mount.source], rootfs };
  const mounted = container.isRunning ? placeOf(layersOf(rootfs)[0] ?? '') : undefined;
  if (mounted !== undefined) return { args: ['--directory', mounted], rootfs };
  const options = mount.options.join(',');
  const place = `${container.folder}/rootfs`;
  mkdirSync(place, { recursive: true, mode: 0o700 });
  return { args: ['--directory', place, '--mount', mount.type, mount.source, options], rootfs };
}

/** With volumes, binds and the files that the engine puts over those of the image: what the container's program sees, but memory. */
export async function viewOf(engine: Engine, container: Container, verb: string): Promise<FilesView> {
  const { args, rootfs } = await rootfsOf(engine, container, verb);
  const files = filesOf(container);
  const own = [
    { source: files.hosts, destination: '/etc/hosts' },
    { source: files.hostname, destination: '/etc/hostname' },
    { source: files.resolvConf, destination: '/etc/resolv.conf' },
  ];
  const { mounts } = container.record;
  const taken = new Set(mounts.map(({ destination }) => destination));
  const binds = [
    ...own.filter(({ source, destination }) => !taken.has(destination) && existsSync(source)),
    ...mounts.filter(({ type, source }) => type !== 'tmpfs' && existsSync(source)),
  ].sort((a, b) => depth(a.destination) - depth(b.destination));
  // An archive may go through a symlink of the container's onto any of them: what that cannot write there, it cannot either.
  const flagOf = (bind: object): string => ('readOnly' in bind && bind.readOnly ? '--bind-read-only' : '--bind');
  const words = binds.flatMap((bind) => [flagOf(bind), bind.source, bind.destination]);
  return { args: [...args, ...words], rootfs };
}

const depth = (path: string): number => path.split('/').length;

/** As one word of a shell. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The same view made by a person, in a mount namespace of its own, and a command there. `command`: words for a given root. */
export function byHand({ args }: Pick<FilesView, 'args'>, command: (directory: string) => string): string {
  const [, directory = '', ...rest] = args;
  if (rest.length === 0) return command(quoted(directory));
  const root = rest[0] === '--mount' ? '/mnt' : quoted(directory);
  const steps: string[] = [];
  for (let at = 0; at < rest.length; ) {
    const [flag, first = '', second = '', third = ''] = rest.slice(at, at + 4);
    if (flag === '--mount') steps.push(`mount -t ${first} -o ${quoted(third)} ${quoted(second)} /mnt`);
    else steps.push(`mount --bind ${flag === '--bind' ? '' : '-o ro '}${quoted(first)} ${root}${quoted(second)}`);
    at += flag === '--mount' ? 4 : 3;
  }
  return `unshare -m sh -e <<'END'\n${[...steps, command(root)].join('\n')}\nEND`;
}

/** Where the kernel has the overlay with that upper directory mounted. @source man proc(5) mountinfo */
function placeOf(upper: string): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith('overlay ') || !after.split(/[ ,]/).includes(`upperdir=${upper}`)) continue;
    const place = before.split(' ')[4] ?? '';
    return place.replaceAll(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  }
  return undefined;
}
