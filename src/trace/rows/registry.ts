// Event types of the registry client, for each stage that speaks to registries: containerd, which pulls and pushes, and the daemon,
// which asks about logins and manifests.
import * as v from 'valibot';
import { type Row, row } from '../row.ts';

const asked = v.object({
  registry: v.string(),
  method: v.string(),
  /** Without secrets. */
  url: v.string(),
  why: v.string(),
  sentBytes: v.optional(v.number()),
  status: v.optional(v.number()),
  error: v.optional(v.string()),
  durationMs: v.number(),
});
const waited = v.object({ registry: v.string(), because: v.string(), waitMs: v.number() });
const tokenReceived = v.object({
  registry: v.string(),
  realm: v.string(),
  scopes: v.array(v.string()),
  as: v.string(),
  lifeSeconds: v.optional(v.number()),
});

type RegistryRows<Stage extends string> = Record<`${Stage}.registry-asked`, Row<v.InferOutput<typeof asked>>> &
  Record<`${Stage}.registry-waited`, Row<v.InferOutput<typeof waited>>> &
  Record<`${Stage}.registry-token-received`, Row<v.InferOutput<typeof tokenReceived>>>;

export function registryRows<Stage extends string>(stage: Stage): RegistryRows<Stage> {
  return {
    [`${stage}.registry-asked`]: row({
      level: 1,
      data: asked,
      says: (d: v.InferOutput<typeof asked>) =>
        `${d.registry}: ${d.method} ${pathOf(d.url)} → ${d.error ?? d.status ?? ''}${d.why === '' ? '' : ` (${d.why})`}`,
      source: 'oci-distribution endpoints',
    }),
    [`${stage}.registry-waited`]: row({
      level: 1,
      data: waited,
      follows: [`${stage}.registry-asked`],
      says: (d: v.InferOutput<typeof waited>) => `waits ${d.waitMs} ms, then tries again: ${d.because}`,
      source: 'RFC 9110 10.2.3',
    }),
    [`${stage}.registry-token-received`]: row({
      level: 1,
      data: tokenReceived,
      follows: [`${stage}.registry-asked`],
      says: (d: v.InferOutput<typeof tokenReceived>) =>
        `${d.realm} gives a token as ${d.as} for ${d.scopes.join(' ') || 'a login'}`,
      source: 'distribution spec/auth/token',
    }),
  } as RegistryRows<Stage>;
}

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);
