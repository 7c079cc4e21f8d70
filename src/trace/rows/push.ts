// Event types of a push; they belong to the containerd stage, which pushes.
import * as v from 'valibot';
import { row } from '../row.ts';

const blob = { registry: v.string(), repository: v.string(), digest: v.string(), sizeBytes: v.number() };

export const pushRows = {
  'containerd.blob-there': row({
    level: 2,
    data: v.object(blob),
    follows: ['containerd.registry-asked'],
    says: (d) => `${d.registry}/${d.repository} has blob ${d.digest} already`,
    source: 'oci-distribution checking if content exists in the registry',
  }),
  'containerd.blob-mounted': row({
    level: 2,
    data: v.object({ ...blob, from: v.string() }),
    follows: ['containerd.registry-asked'],
    says: (d) => `${d.registry} lends blob ${d.digest} of ${d.from} to ${d.repository}: no byte is sent`,
    source: 'oci-distribution mounting a blob from another repository',
  }),
  'containerd.blob-uploaded': row({
    level: 2,
    data: v.object({ ...blob, durationMs: v.number(), resumes: v.number() }),
    follows: ['containerd.registry-asked'],
    says: (d) => `blob ${d.digest} of ${d.sizeBytes} bytes is at ${d.registry}/${d.repository}`,
    source: 'oci-distribution pushing blobs',
  }),
  'containerd.manifest-pushed': row({
    level: 1,
    data: v.object({ ...blob, name: v.string(), mediaType: v.string() }),
    follows: ['containerd.registry-asked'],
    says: (d) => `${d.registry}/${d.repository} has ${d.name}: ${d.digest}`,
    source: 'oci-distribution pushing manifests',
  }),
} as const;
