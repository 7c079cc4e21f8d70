// Event types of the runc stage.
import * as v from 'valibot';
import { row } from '../row.ts';
import { doorRows } from './door.ts';

export const runcRows = {
  ...doorRows('runc'),
  'runc.plan-compiled': row({
    level: 1,
    data: v.object({
      /** The source document. */
      path: v.string(),
      /** Of the source document, hex. */
      sha256: v.string(),
      kind: v.picklist(['container', 'process']),
      operations: v.number(),
      durationUs: v.number(),
      warnings: v.array(v.string()),
    }),
    says: (d) => `compile ${d.path} into a plan of ${d.operations} operations`,
    source: 'oci-runtime runtime#create',
  }),
  'runc.seccomp-compiled': row({
    level: 2,
    data: v.object({
      /** Of the profile, hex. */
      profileSha256: v.string(),
      instructions: v.number(),
      durationUs: v.number(),
      /** Where the program came from: libseccomp now, the file cache, or the program of an earlier container. */
      origin: v.picklist(['compiled', 'file', 'memory']),
      /** Names that this host's libseccomp does not know, left out. */
      unknownSyscalls: v.array(v.string()),
    }),
    says: (d) => `seccomp profile is a program of ${d.instructions} instructions`,
    source: 'man seccomp(2)',
  }),
  'runc.config-written': row({
    level: 1,
    data: v.object({ path: v.string(), sizeBytes: v.number(), sha256: v.string() }),
    says: (d) => `write ${d.path}`,
    source: 'oci-runtime bundle',
  }),
  /** What the executor did: its records, in `recordsFile`, become the kernel's events when the trace is merged. */
  'runc.plan-executed': row({
    level: 1,
    data: v.object({
      id: v.string(),
      planSha256: v.string(),
      /** Beside the part: a copy of the plan, environment values blanked. */
      planFile: v.string(),
      recordsFile: v.string(),
      rootfs: v.string(),
      operations: v.number(),
      runtimePid: v.number(),
      initPid: v.number(),
      /** The process that joined namespaces and cloned init, where there was one. */
      joinerPid: v.optional(v.number()),
    }),
    says: (d) => `execute the plan of ${d.id}: ${d.operations} operations`,
    source: 'oci-runtime runtime#create',
  }),
  'runc.state-changed': row({
    level: 1,
    data: v.object({ id: v.string(), from: v.string(), to: v.string(), event: v.string() }),
    says: (d) => `container ${d.id} goes from ${d.from} to ${d.to}`,
    source: 'oci-runtime runtime#state',
  }),
} as const;
