// Event types of what a build copies: its context, the sources of COPY and ADD, and the mounts of RUN.
import * as v from 'valibot';
import { row } from '../row.ts';

export const buildSourceRows = {
  'daemon.context-received': row({
    level: 1,
    data: v.object({
      directory: v.string(),
      /** Of the tar. */
      digest: v.string(),
      entries: v.number(),
      /** As the client sent it, and decompressed. */
      sentBytes: v.number(),
      tarBytes: v.number(),
      durationMs: v.number(),
    }),
    says: (d) => `the build context is unpacked: ${d.entries} entries, ${d.sentBytes} bytes`,
    source: 'docker-api POST /build',
  }),
  'daemon.source-resolved': row({
    level: 1,
    data: v.object({
      instruction: v.picklist(['COPY', 'ADD']),
      /** As the instruction wrote them, variables replaced. */
      words: v.array(v.string()),
      root: v.string(),
      /** What they are in it; of many, the first hundred. */
      paths: v.array(v.string()),
      checksum: v.string(),
      entries: v.number(),
      sizeBytes: v.number(),
      durationMs: v.number(),
    }),
    says: (d) => `${d.instruction} ${d.words.join(' ')}: ${d.entries} entries with checksum ${d.checksum.slice(0, 19)}`,
    source: 'dockerfile reference: COPY, ADD',
  }),
  'daemon.download-fetched': row({
    level: 1,
    data: v.object({ url: v.string(), name: v.string(), sizeBytes: v.number(), digest: v.string() }),
    says: (d) => `${d.url} is downloaded: ${d.sizeBytes} bytes`,
    source: 'dockerfile reference: ADD',
  }),
  'daemon.source-copied': row({
    level: 1,
    data: v.object({
      instruction: v.picklist(['COPY', 'ADD']),
      rootfs: v.string(),
      destination: v.string(),
      entries: v.number(),
      bytes: v.number(),
      /** --chown as numbers. */
      owner: v.optional(v.string()),
      durationMs: v.number(),
    }),
    follows: ['daemon.source-resolved'],
    says: (d) => `${d.entries} entries are copied to ${d.destination}`,
    source: 'dockerfile reference: COPY, ADD',
  }),
  'daemon.run-mount-prepared': row({
    level: 1,
    data: v.object({
      type: v.picklist(['bind', 'cache', 'tmpfs', 'secret']),
      target: v.string(),
      /** What is mounted: a path of this host; a secret's is not told. */
      source: v.optional(v.string()),
      /** The id of a cache or a secret. */
      id: v.optional(v.string()),
    }),
    says: (d) => `RUN gets a ${d.type} mount on ${d.target}`,
    source: 'dockerfile reference: RUN --mount',
  }),
} as const;
