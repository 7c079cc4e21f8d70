// snapshots.v1. One snapshotter is there: overlayfs.
import { LabError } from '../../base/errors.ts';
import type { CallContext, ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import { SnapshotCommitSchema, SnapshotPrepareSchema, SnapshotRemoveSchema } from '../proto/gen/event_types_pb.ts';
import {
  Kind,
  type PrepareSnapshotRequest,
  type Snapshots,
  type ViewSnapshotRequest,
} from '../proto/gen/snapshots_pb.ts';
import { type SnapshotInfo, snapshotFields } from '../snapshot/overlay.ts';
import type { Stage } from '../stage.ts';
import { required, timestamp } from './wire.ts';

const kinds = { active: Kind.ACTIVE, committed: Kind.COMMITTED, view: Kind.VIEW } as const;

const infoMessage = (info: SnapshotInfo) => ({
  name: info.key,
  parent: info.parent,
  kind: kinds[info.kind],
  labels: info.labels,
  createdAt: timestamp(info.createdMs),
  updatedAt: timestamp(info.updatedMs),
});

/** Errors: notFound, in containerd's words, for any other snapshotter; empty means the default. */
function checkSnapshotter(name: string): void {
  if (name !== '' && name !== 'overlayfs') throw new LabError('notFound', `snapshotter not loaded: ${name}: not found`);
}

export function snapshotsService(stage: Stage): ServiceImplementation<typeof Snapshots> {
  const { snapshots, exchange } = stage;
  return {
    prepare: (request, call) => make(stage, request, { call, kind: 'active' }),
    view: (request, call) => make(stage, request, { call, kind: 'view' }),
    mounts({ snapshotter, key }, { namespace }) {
      checkSnapshotter(snapshotter);
      return { mounts: snapshots.mounts(namespace, key) };
    },
    commit({ snapshotter, key, name, labels }, call) {
      checkSnapshotter(snapshotter);
      const { namespace } = call;
      snapshots.commit(namespace, { key, name, labels });
      stage.leases.hold(namespace, call.lease, { type: 'snapshots/overlayfs', id: name });
      exchange.publish({ namespace, topic: '/snapshot/commit', schema: SnapshotCommitSchema, message: { key, name } });
      return {};
    },
    remove({ snapshotter, key }, { namespace }) {
      checkSnapshotter(snapshotter);
      snapshots.remove(namespace, key);
      exchange.publish({ namespace, topic: '/snapshot/remove', schema: SnapshotRemoveSchema, message: { key } });
      return {};
    },
    stat({ snapshotter, key }, { namespace }) {
      checkSnapshotter(snapshotter);
      return { info: infoMessage(snapshots.stat(namespace, key)) };
    },
    update({ snapshotter, info, updateMask }, { namespace }) {
      checkSnapshotter(snapshotter);
      const { name, labels } = required('info', info);
      return { info: infoMessage(snapshots.update(namespace, { key: name, labels, mask: updateMask?.paths })) };
    },
    *list({ snapshotter, filters }, { namespace }) {
      checkSnapshotter(snapshotter);
      const filter = parseFilters(filters);
      const infos = snapshots.list(namespace).filter((info) => filter(snapshotFields(info)));
      for (let at = 0; at < infos.length; at += 100) yield { info: infos.slice(at, at + 100).map(infoMessage) };
    },
    usage({ snapshotter, key }, { namespace }) {
      checkSnapshotter(snapshotter);
      const { sizeBytes, inodes } = snapshots.usage(namespace, key);
      return { size: BigInt(sizeBytes), inodes: BigInt(inodes) };
    },
    cleanup({ snapshotter }) {
      checkSnapshotter(snapshotter);
      snapshots.sweep();
      return {};
    },
  };
}

function make(
  stage: Stage,
  request: PrepareSnapshotRequest | ViewSnapshotRequest,
  how: { call: CallContext; kind: 'active' | 'view' },
) {
  checkSnapshotter(request.snapshotter);
  const { key, parent, labels } = request;
  const namespace = stage.namespaces.ensure(how.call.namespace);
  const mounts = stage.snapshots.prepare(namespace, { key, parent, labels, kind: how.kind });
  stage.leases.hold(namespace, how.call.lease, { type: 'snapshots/overlayfs', id: key });
  stage.exchange.publish({
    namespace,
    topic: '/snapshot/prepare',
    schema: SnapshotPrepareSchema,
    message: { key, parent },
  });
  return { mounts };
}
