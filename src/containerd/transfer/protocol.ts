// What tlab's client and server of a transfer agree on beyond containerd's messages: headers of the resolver that say how to pull or
// push, and how far it is, as events on the exchange (a topic of our own, the facts as JSON).
import * as v from 'valibot';

export const progressTopic = '/transfer/progress';
export const progressType = 'io.tlab.transfer-progress';

const progressSchema = v.variant('kind', [
  v.object({ kind: v.literal('resolved'), reference: v.string(), digest: v.string(), source: v.string() }),
  /** One line for the person: what was used instead of what. */
  v.object({ kind: v.literal('notice'), text: v.string() }),
  v.object({
    kind: v.literal('blob'),
    digest: v.string(),
    mediaType: v.string(),
    sizeBytes: v.number(),
    offsetBytes: v.number(),
    status: v.picklist(['waiting', 'exists', 'fetching', 'retrying', 'verifying', 'done', 'unpacking', 'unpacked']),
  }),
  v.object({
    kind: v.literal('push'),
    digest: v.string(),
    mediaType: v.string(),
    sizeBytes: v.number(),
    offsetBytes: v.number(),
    status: v.picklist(['preparing', 'waiting', 'pushing', 'resuming', 'there', 'mounted', 'pushed']),
    /** The repository that lent it. */
    from: v.optional(v.string()),
  }),
  /** What the registry has under the name now. */
  v.object({ kind: v.literal('named'), digest: v.string(), sizeBytes: v.number() }),
  /** The last one of a transfer. */
  v.object({ kind: v.literal('ended') }),
]);
export type TransferProgress = v.InferOutput<typeof progressSchema>;

/** Several pulls may be under way: `transfer` says whose event this is. */
export const progressEnvelope = v.object({ transfer: v.string(), progress: progressSchema });

/** What a resolver's headers may say: mirrors and insecure registries as comma-separated lists, credentials as Docker's header. */
export const resolverHeaders = {
  mirrors: 'tlab-registry-mirrors',
  insecure: 'tlab-insecure-registries',
  realms: 'tlab-registry-realms',
  credentials: 'X-Registry-Auth',
  /** An id that the client chose for its progress events. */
  transfer: 'tlab-transfer-id',
} as const;
