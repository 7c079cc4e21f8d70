// Event types of the containerd stage: content, snapshots, images, leases, bundles, shims, tasks.
import * as v from 'valibot';
import { row } from '../row.ts';
import { doorRows } from './door.ts';
import { pullRows } from './pull.ts';
import { pushRows } from './push.ts';
import { registryRows } from './registry.ts';

const namespace = v.string();
const mount = v.object({ type: v.string(), source: v.string(), options: v.array(v.string()) });

const contentRows = {
  'containerd.blob-committed': row({
    level: 2,
    data: v.object({ namespace, ref: v.string(), digest: v.string(), size: v.number(), path: v.string() }),
    says: (d) => `blob ${d.digest} of ${d.size} bytes is verified and stored`,
    source: 'containerd content.v1 Write',
  }),
  'containerd.blob-removed': row({
    level: 2,
    data: v.object({ namespace, digest: v.string(), size: v.number() }),
    says: (d) => `blob ${d.digest} is removed`,
    source: 'containerd content.v1 Delete',
  }),
  'containerd.layer-unpacked': row({
    level: 2,
    data: v.object({
      digest: v.string(),
      diffId: v.string(),
      directory: v.string(),
      entries: v.number(),
      sizeBytes: v.number(),
      durationMs: v.number(),
    }),
    says: (d) => `layer ${d.digest} is unpacked into ${d.directory}: ${d.entries} entries, ${d.sizeBytes} bytes`,
    source: 'oci-image layer',
  }),
  'containerd.layer-packed': row({
    level: 2,
    data: v.object({
      digest: v.string(),
      diffId: v.string(),
      directory: v.string(),
      against: v.string(),
      entries: v.number(),
      sizeBytes: v.number(),
      durationMs: v.number(),
    }),
    says: (d) => `${d.directory} is packed into layer ${d.digest}: ${d.entries} entries, ${d.sizeBytes} bytes`,
    source: 'oci-image layer#change-types',
  }),
  'containerd.image-created': row({
    level: 1,
    data: v.object({ namespace, name: v.string(), digest: v.string() }),
    says: (d) => `image ${d.name} now names ${d.digest}`,
    source: 'containerd images.v1 Create',
  }),
  'containerd.image-deleted': row({
    level: 1,
    data: v.object({ namespace, name: v.string() }),
    says: (d) => `image ${d.name} is deleted`,
    source: 'containerd images.v1 Delete',
  }),
  'containerd.lease-created': row({
    level: 2,
    data: v.object({ namespace, id: v.string() }),
    says: (d) => `lease ${d.id} holds what is worked with`,
    source: 'containerd leases.v1 Create',
  }),
  'containerd.lease-deleted': row({
    level: 2,
    data: v.object({ namespace, id: v.string() }),
    says: (d) => `lease ${d.id} is let go`,
    source: 'containerd leases.v1 Delete',
  }),
  'containerd.garbage-collected': row({
    level: 2,
    data: v.object({ blobs: v.number(), snapshots: v.number() }),
    says: (d) => `${d.blobs} blobs and ${d.snapshots} snapshots that nothing refers to are removed`,
    source: 'containerd gc',
  }),
} as const;

const snapshotRows = {
  'containerd.snapshot-prepared': row({
    level: 2,
    data: v.object({
      namespace,
      key: v.string(),
      parent: v.string(),
      kind: v.string(),
      directory: v.string(),
      mounts: v.array(mount),
    }),
    says: (d) => `snapshot ${d.key} is prepared${d.parent === '' ? '' : ` over ${d.parent}`}`,
    source: 'containerd snapshots.v1 Prepare',
  }),
  'containerd.snapshot-committed': row({
    level: 2,
    data: v.object({
      namespace,
      key: v.string(),
      name: v.string(),
      directory: v.string(),
      sizeBytes: v.number(),
      inodes: v.number(),
    }),
    says: (d) => `snapshot ${d.name} is committed: ${d.sizeBytes} bytes, ${d.inodes} inodes`,
    source: 'containerd snapshots.v1 Commit',
  }),
  'containerd.snapshot-removed': row({
    level: 2,
    data: v.object({ namespace, key: v.string(), directory: v.string() }),
    says: (d) => `snapshot ${d.key} is removed`,
    source: 'containerd snapshots.v1 Remove',
  }),
} as const;

const taskRows = {
  'containerd.container-created': row({
    level: 1,
    data: v.object({ namespace, id: v.string(), image: v.string(), runtime: v.string(), snapshotKey: v.string() }),
    says: (d) => `container ${d.id} is recorded`,
    source: 'containerd containers.v1 Create',
  }),
  'containerd.container-deleted': row({
    level: 1,
    data: v.object({ namespace, id: v.string() }),
    says: (d) => `container ${d.id} is forgotten`,
    source: 'containerd containers.v1 Delete',
  }),
  'containerd.bundle-made': row({
    level: 2,
    data: v.object({ namespace, id: v.string(), path: v.string() }),
    says: (d) => `bundle ${d.path} is made`,
    source: 'oci-runtime bundle',
  }),
  'containerd.bundle-removed': row({
    level: 2,
    data: v.object({ namespace, id: v.string(), path: v.string() }),
    says: (d) => `bundle ${d.path} is removed`,
    source: 'oci-runtime bundle',
  }),
  'containerd.config-written': row({
    level: 2,
    data: v.object({ path: v.string(), sha256: v.string(), sizeBytes: v.number(), config: v.unknown() }),
    says: (d) => `config.json of ${d.sizeBytes} bytes is written`,
    source: 'oci-runtime config',
  }),
  'containerd.plan-written': row({
    level: 2,
    data: v.object({
      path: v.string(),
      /** `config.json`, or the exec whose process document was compiled. */
      document: v.string(),
      operations: v.number(),
      sizeBytes: v.number(),
      durationMs: v.number(),
    }),
    says: (d) => `${d.document} is compiled to a plan of ${d.operations} kernel operations`,
    source: 'tlab plan',
  }),
  'containerd.shim-started': row({
    level: 1,
    data: v.object({ id: v.string(), binary: v.string(), address: v.string(), durationMs: v.number() }),
    says: (d) => `shim ${d.binary.split('/').at(-1)} runs and listens at ${d.address}`,
    source: 'containerd runtime-v2 start',
  }),
  'containerd.shim-stopped': row({
    level: 1,
    data: v.object({ id: v.string(), isExpected: v.boolean() }),
    says: (d) => `the shim of ${d.id} is gone${d.isExpected ? '' : ' without being asked'}`,
    source: 'containerd runtime-v2 Shutdown',
  }),
  'containerd.task-state-changed': row({
    level: 1,
    data: v.object({
      namespace,
      id: v.string(),
      exec: v.optional(v.string()),
      from: v.string(),
      to: v.string(),
      by: v.string(),
      pid: v.optional(v.number()),
      exitStatus: v.optional(v.number()),
    }),
    says: (d) => `${d.exec === undefined ? `task ${d.id}` : `exec ${d.exec} in ${d.id}`}: ${d.from} → ${d.to}`,
    source: 'containerd tasks.v1',
  }),
  'containerd.event-published': row({
    level: 1,
    data: v.object({ namespace, topic: v.string(), from: v.picklist(['containerd', 'shim', 'client']) }),
    says: (d) => `event ${d.topic}`,
    source: 'containerd events.v1',
  }),
} as const;

export const containerdRows = {
  ...doorRows('containerd'),
  ...contentRows,
  ...pullRows,
  ...pushRows,
  ...registryRows('containerd'),
  ...snapshotRows,
  ...taskRows,
} as const;
