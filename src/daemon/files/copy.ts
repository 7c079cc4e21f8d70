// `docker cp` both ways: an archive of a path of a container, and one into a directory of it. @source docker-api /containers/{id}/archive
import type { Readable, Writable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import type { Container } from '../container/container.ts';
import { userOf } from '../container/task-spec.ts';
import type { Engine } from '../engine.ts';
import { packInto, unpackFrom } from './native.ts';
import { absolute, baseOf, type Found, type PathStat, statOf } from './stat.ts';
import { byHand, type FilesView, quoted, viewOf } from './view.ts';

export interface ArchiveOut {
  stat: PathStat;
  /** Writes the archive. */
  send(to: Writable): Promise<void>;
}

/** Errors: notFound in Docker's words. */
export async function archiveOf(
  engine: Engine,
  container: Container,
  { path: asked, signal }: { path: string; signal: AbortSignal },
): Promise<ArchiveOut> {
  const path = absolute(asked);
  const view = await viewOf(engine, container, 'cp');
  const { stat } = await statOf(container, view, path, { signal });
  return {
    stat,
    async send(to) {
      const args = [...view.args, '--path', path, '--name', baseOf(path)];
      await packInto(to, args, { what: `copying ${path} from container "${container.name}"`, signal });
      told(engine, container, { path, direction: 'out', view });
    },
  };
}

export interface ArchiveIn {
  path: string;
  /** A directory never replaces something else, nor the other way round. */
  keepKind: boolean;
  /** Everything becomes the property of the container's user. */
  copyUidGid: boolean;
  archive: Readable;
  signal: AbortSignal;
}

/** Errors: notFound; invalidArgument when it is no directory or the archive is wrong; permissionDenied when it is read-only. */
export async function extractTo(engine: Engine, container: Container, request: ArchiveIn): Promise<void> {
  const path = absolute(request.path);
  const view = await viewOf(engine, container, 'cp');
  const found = await statOf(container, view, path, { follow: true, signal: request.signal });
  if (!found.isDirectory) throw new LabError('invalidArgument', 'extraction point is not a directory');
  refuseReadOnly(container, found);
  const owner = request.copyUidGid ? ownerOf(container, view) : [];
  const keep = request.keepKind ? ['--keep-kind'] : [];
  const args = [...view.args, '--at', path, '--whiteouts', 'literal', '--compression', 'any', ...keep, ...owner];
  const what = `copying to ${path} of container "${container.name}"`;
  await unpackFrom(request.archive, args, { what, signal: request.signal });
  told(engine, container, { path, direction: 'in', view });
}

/** @source docker daemon/archive_unix.go checkIfPathIsInAVolume */
function refuseReadOnly({ record }: Container, { resolved }: Found): void {
  const isWithin = ({ destination }: { destination: string }): boolean =>
    resolved === destination || resolved.startsWith(`${destination}/`);
  const mount = record.mounts
    .filter(isWithin)
    .sort((a, b) => b.destination.length - a.destination.length)
    .at(0);
  if (mount?.readOnly === true) throw new LabError('permissionDenied', 'mounted volume is marked read-only');
  if (mount === undefined && record.host.ReadonlyRootfs === true)
    throw new LabError('permissionDenied', 'container rootfs is marked read-only');
}

function ownerOf({ record }: Container, { rootfs }: FilesView): string[] {
  const user = record.config.User || record.image.config.User || '';
  if (user === '') return [];
  const { uid, gid } = userOf(rootfs, user, []);
  return ['--owner', `${uid}:${gid}`];
}

interface Copied {
  path: string;
  direction: 'in' | 'out';
  view: FilesView;
}

function told(engine: Engine, container: Container, { path, direction, view }: Copied): void {
  const action = direction === 'out' ? 'archive-path' : 'extract-to-dir';
  const twin = byHand(view, (root) =>
    direction === 'out'
      ? `tar --create --directory ${root} ./${quoted(path.slice(1))}`
      : `tar --extract --directory ${root}${quoted(path)}`,
  );
  emit('daemon.files-copied', { data: { id: container.id, path, direction }, twin });
  engine.events.publish('container', action, container.id, container.eventAttributes());
}
