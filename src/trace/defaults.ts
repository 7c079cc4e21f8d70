// Named defaults: what the engine decides when nobody asked. A cause `default:<name>` ends a chain here.
// Every stage adds its rows; `says` is one sentence for people, `source` where the value comes from.

export const defaults = {
  'api-version-negotiation': {
    says: 'A client asks the daemon for its API version before the first real request.',
    source: 'docker-api GET /_ping',
  },
  'engine-housekeeping': {
    says: 'The engine keeps its own state in order: leases, events, garbage.',
    source: 'tlab',
  },
} as const satisfies Record<string, { says: string; source: string }>;

export type DefaultName = keyof typeof defaults;
