// snapshots.v1. The snapshotters: see snapshot/snapshotters.ts.
import type { CallContext, ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import { SnapshotCommitSchema, SnapshotPrepareSchema, SnapshotRemoveSchema } from '../proto/gen/event_types_pb.ts';
import {
  Kind,
  type PrepareSnapshotRequest,
  type Snapshots,
  type ViewSnapshotRequest,
} from '../proto/gen/snapshots_pb.ts';
import { type SnapshotInfo, type Snapshots as Snapshotter, snapshotFields } from '../snapshot/snapshots.ts';
import { snapshotterOf } from '../snapshot/snapshotters.ts';
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

export function snapshotsService(stage: Stage): ServiceImplementation<typeof Snapshots> {
  const { exchange } = stage;
  return {
    prepare: (request, call) => make(stage, request, { call, kind: 'active' }),
    view: (request, call) => make(stage, request, { call, kind: 'view' }),
    mounts({ snapshotter, key }, { namespace }) {
      return { mounts: snapshotterOf(stage, snapshotter).mounts(namespace, key) };
    },
    async commit({ snapshotter, key, name, labels }, call) {
      const snapshots = snapshotterOf(stage, snapshotter);
      const { namespace } = call;
      const hold = holder(stage, snapshots, { call, key: name });
      await snapshots.commit(namespace, { key, name, labels, hold });
      exchange.publish({ namespace, topic: '/snapshot/commit', schema: SnapshotCommitSchema, message: { key, name } });
      return {};
    },
    async remove({ snapshotter, key }, { namespace }) {
      await snapshotterOf(stage, snapshotter).remove(namespace, key);
      exchange.publish({ namespace, topic: '/snapshot/remove', schema: SnapshotRemoveSchema, message: { key } });
      return {};
    },
    stat({ snapshotter, key }, { namespace }) {
      return { info: infoMessage(snapshotterOf(stage, snapshotter).stat(namespace, key)) };
    },
    update({ snapshotter, info, updateMask }, { namespace }) {
      const snapshots = snapshotterOf(stage, snapshotter);
      const { name, labels } = required('info', info);
      return { info: infoMessage(snapshots.update(namespace, { key: name, labels, mask: updateMask?.paths })) };
    },
    *list({ snapshotter, filters }, { namespace }) {
      const snapshots = snapshotterOf(stage, snapshotter);
      const filter = parseFilters(filters);
      const infos = snapshots.list(namespace).filter((info) => filter(snapshotFields(info)));
      for (let at = 0; at < infos.length; at += 100) yield { info: infos.slice(at, at + 100).map(infoMessage) };
    },
    async usage({ snapshotter, key }, { namespace }) {
      const { sizeBytes, inodes } = await snapshotterOf(stage, snapshotter).usage(namespace, key);
      return { size: BigInt(sizeBytes), inodes: BigInt(inodes) };
    },
    async cleanup({ snapshotter }) {
      await snapshotterOf(stage, snapshotter).sweep();
      return {};
    },
  };
}

/** Puts a new snapshot under the lease that its maker's call names. */
const holder =
  (stage: Stage, { name }: Snapshotter, { call, key }: { call: CallContext; key: string }) =>
  (): void =>
    stage.leases.hold(call.namespace, call.lease, { type: `snapshots/${name}`, id: key });

async function make(
  stage: Stage,
  request: PrepareSnapshotRequest | ViewSnapshotRequest,
  how: { call: CallContext; kind: 'active' | 'view' },
) {
  const snapshots = snapshotterOf(stage, request.snapshotter);
  const { key, parent, labels } = request;
  const namespace = stage.namespaces.ensure(how.call.namespace);
  const hold = holder(stage, snapshots, { call: how.call, key });
  const mounts = await snapshots.prepare(namespace, { key, parent, labels, kind: how.kind, hold });
  stage.exchange.publish({
    namespace,
    topic: '/snapshot/prepare',
    schema: SnapshotPrepareSchema,
    message: { key, parent },
  });
  return { mounts };
}
