// Event types of a pull; they belong to the containerd stage, which pulls.
import * as v from 'valibot';
import { row } from '../row.ts';

const blob = { digest: v.string(), sizeBytes: v.number(), mediaType: v.string() };

export const pullRows = {
  'containerd.image-resolved': row({
    level: 1,
    data: v.object({
      reference: v.string(),
      digest: v.string(),
      mediaType: v.string(),
      /** A registry's host, or `offline library`. */
      source: v.string(),
      manifestDigest: v.string(),
      platform: v.string(),
      layers: v.number(),
      notice: v.optional(v.string()),
    }),
    says: (d) => `${d.reference} is ${d.digest} at ${d.source}: ${d.layers} layers for ${d.platform}`,
    source: 'oci-distribution pulling manifests',
  }),
  'containerd.layer-exists': row({
    level: 2,
    data: v.object(blob),
    follows: ['containerd.image-resolved'],
    says: (d) => `layer ${d.digest} is here already`,
    source: 'oci-distribution pulling blobs',
  }),
  'containerd.layer-fetched': row({
    level: 2,
    data: v.object({ ...blob, source: v.string(), durationMs: v.number(), resumedAtBytes: v.number() }),
    follows: ['containerd.image-resolved'],
    says: (d) =>
      `layer ${d.digest} of ${d.sizeBytes} bytes is fetched from ${d.source} in ${Math.round(d.durationMs)} ms`,
    source: 'oci-distribution pulling blobs',
  }),
  'containerd.layer-verified': row({
    level: 2,
    data: v.object(blob),
    follows: ['containerd.layer-fetched'],
    says: (d) => `layer ${d.digest}: its bytes have this digest`,
    source: 'oci-image descriptor#verification',
  }),
} as const;
