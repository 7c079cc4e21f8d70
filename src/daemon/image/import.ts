// POST /images/create?fromSrc: an archive of a root filesystem becomes an image of one layer.
import type { Readable } from 'node:stream';
import { newContainerId } from '../../base/ids.ts';
import { UndoStack } from '../../base/undo.ts';
import { layersOf } from '../../kernel/snapshot-mounts.ts';
import type { Digest } from '../../oci/digest.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { emit } from '../../trace/recorder.ts';
import { commitLayer, packLayer } from '../build/layer.ts';
import { publishImage } from '../build/publish.ts';
import { ignoreMissing } from '../container/missing.ts';
import { type Engine, ownerLabel } from '../engine.ts';
import { unpackFrom } from '../files/native.ts';
import { timestampNow } from '../time.ts';
import { withChanges } from './changes.ts';
import { withLease } from './lease.ts';

export interface ImportRequest {
  archive: Readable;
  names: readonly string[];
  message: string;
  changes: readonly string[];
  platform: string | undefined;
  signal: AbortSignal;
}

/** The image's id. Errors: invalidArgument for an archive that is none or would leave its directory; resourceExhausted. */
export async function importImage(engine: Engine, request: ImportRequest): Promise<Digest> {
  const config = withChanges({} as Parameters<typeof withChanges>[0], request.changes);
  const platform = request.platform === undefined ? hostPlatform() : parsePlatform(request.platform);
  return await withLease(engine, async (lease) => {
    await using undo = new UndoStack();
    const work = { engine, lease, signal: request.signal, epoch: undefined };
    const key = newContainerId();
    undo.push('snapshot', () =>
      ignoreMissing(engine.containerd.snapshots.remove({ snapshotter: engine.snapshotter, key })),
    );
    const labels = { [ownerLabel]: key };
    const { mounts } = await engine.containerd.snapshots.prepare(
      { snapshotter: engine.snapshotter, key, parent: '', labels },
      { lease },
    );
    const [directory = ''] = layersOf(mounts);
    const args = ['--directory', directory, '--whiteouts', 'literal', '--compression', 'any'];
    await unpackFrom(request.archive, args, { what: 'importing the archive', signal: request.signal });
    const layer = await packLayer(work, { id: key, parent: undefined, mounts });
    const chainId = await commitLayer(work, { id: key, parent: undefined, layer });
    const created = timestampNow();
    const { id } = await publishImage(
      { engine, lease, tags: request.names },
      {
        config,
        author: undefined,
        platform,
        layers: [layer],
        history: [{ created, created_by: '', comment: request.message }],
        chainId,
        created,
        key: '',
      },
    );
    emit('daemon.image-imported', {
      data: { image: id, layer: layer.descriptor.digest, sizeBytes: layer.descriptor.size },
      twin: `tar --extract --numeric-owner --xattrs --directory ${directory}`,
    });
    engine.events.publish('image', 'import', id, { name: id });
    return id as Digest;
  });
}
