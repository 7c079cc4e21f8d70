// Event types of the daemon stage.
import * as v from 'valibot';
import { row } from '../row.ts';
import { doorRows } from './door.ts';
import { registryRows } from './registry.ts';

export const daemonRows = {
  ...doorRows('daemon'),
  ...registryRows('daemon'),
  'daemon.image-resolved': row({
    level: 1,
    data: v.object({
      /** As the request wrote it. */
      name: v.string(),
      /** Canonical reference in the image store. */
      reference: v.string(),
      /** What the name points at: an index or a manifest. */
      digest: v.string(),
      /** Digest of the configuration. */
      id: v.string(),
      /** Topmost snapshot. */
      chainId: v.string(),
      /** Digests of the layers' blobs, from the bottom up. */
      layers: v.optional(v.array(v.string())),
    }),
    says: (d) => `image ${d.name} is ${d.reference}, ${d.id.slice(0, 19)}`,
    source: 'docker-api POST /containers/create',
  }),
  'daemon.container-state-changed': row({
    level: 0,
    data: v.object({ id: v.string(), name: v.string(), from: v.string(), to: v.string(), event: v.string() }),
    says: (d) => `container ${d.name}: ${d.from} → ${d.to}`,
    source: 'docker-api ContainerState',
  }),
  'daemon.container-taken-over': row({
    level: 1,
    data: v.object({ id: v.string(), name: v.string(), taskPid: v.number() }),
    says: (d) => `container ${d.name} runs on as process ${d.taskPid}: the new daemon takes it over`,
    source: 'docker docs config/containers/live-restore',
  }),
  'daemon.out-of-memory-reported': row({
    level: 1,
    data: v.object({ id: v.string(), name: v.string() }),
    says: (d) => `the shim of ${d.name} saw the kernel kill a process for lack of memory`,
    source: 'containerd api/events/task.proto TaskOOM',
  }),
  'daemon.pipeline-state-changed': row({
    level: 1,
    data: v.object({ id: v.string(), from: v.string(), to: v.string() }),
    says: (d) => `start of ${d.id}: ${d.from} is done, now ${d.to}`,
    source: 'tlab pipeline.machine.ts',
  }),
  'daemon.spec-generated': row({
    level: 1,
    data: v.object({
      id: v.string(),
      /** config.json, with the values of environment variables left out. */
      config: v.unknown(),
      /** JSON pointer into config.json → cause. */
      provenance: v.record(v.string(), v.string()),
    }),
    says: (d) => `config.json is generated from ${Object.keys(d.provenance).length} decisions`,
    source: 'oci-runtime config',
  }),
  'daemon.file-written': row({
    level: 2,
    data: v.object({ path: v.string(), what: v.string(), /** Its whole text. */ text: v.optional(v.string()) }),
    says: (d) => `${d.what} is written to ${d.path}`,
    source: 'man write(2)',
  }),
  'daemon.fifo-made': row({
    level: 2,
    data: v.object({ paths: v.array(v.string()) }),
    says: (d) => `FIFOs for ${d.paths.length} standard streams are made`,
    source: 'man mkfifo(3)',
  }),
  'daemon.user-resolved': row({
    level: 2,
    data: v.object({ user: v.string(), uid: v.number(), gid: v.number(), additionalGids: v.array(v.number()) }),
    says: (d) => `user "${d.user}" is uid ${d.uid}, gid ${d.gid}`,
    source: 'man passwd(5)',
  }),
  'daemon.build-planned': row({
    level: 1,
    data: v.object({ target: v.string(), needed: v.number(), skipped: v.number(), steps: v.number() }),
    says: (d) => `stage ${d.target} needs ${d.needed} stages of ${d.needed + d.skipped}: ${d.steps} steps`,
    source: 'dockerfile reference: Multi-stage builds',
  }),
  'daemon.build-step-started': row({
    level: 0,
    data: v.object({ step: v.number(), stage: v.string(), instruction: v.string(), line: v.number() }),
    says: (d) => `step ${d.step}: ${d.instruction}`,
    source: 'dockerfile reference',
  }),
  'daemon.build-cache-looked-up': row({
    level: 1,
    data: v.object({
      step: v.number(),
      instruction: v.string(),
      hit: v.boolean(),
      key: v.string(),
      reason: v.string(),
      /** What the key is the digest of, by name. */
      parts: v.record(v.string(), v.string()),
    }),
    says: (d) => `step ${d.step}: ${d.hit ? 'from the cache' : 'to be done'}: ${d.reason}`,
    source: 'tlab build/cache/key.ts',
  }),
  'daemon.build-layer-committed': row({
    level: 1,
    data: v.object({ digest: v.string(), diffId: v.string(), chainId: v.string(), sizeBytes: v.number() }),
    says: (d) => `layer ${d.digest.slice(7, 19)} of ${d.sizeBytes} bytes`,
    source: 'oci-image layer',
  }),
  'daemon.build-step-finished': row({
    level: 1,
    data: v.object({ step: v.number(), durationMs: v.number(), sizeBytes: v.number() }),
    says: (d) => `step ${d.step} took ${d.durationMs} ms`,
    source: 'dockerfile reference',
  }),
  'daemon.build-finished': row({
    level: 0,
    data: v.object({ id: v.string(), digest: v.string(), names: v.array(v.string()) }),
    says: (d) => `image ${d.id.slice(7, 19)} is built${d.names.length === 0 ? '' : `: ${d.names.join(', ')}`}`,
    source: 'oci-image manifest',
  }),
  'daemon.event-published': row({
    level: 1,
    data: v.object({ type: v.string(), action: v.string(), id: v.string() }),
    says: (d) => `event ${d.type} ${d.action}`,
    source: 'docker-api GET /events',
  }),
} as const;
