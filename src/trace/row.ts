// One row an event type: its level, the shape of its data, its order rule, its words, its source. events.ts joins the rows.
import * as v from 'valibot';

/** 0 story, 1 doors and messages, 2 kernel operations, layers, rules, 3 system calls. */
export type Level = 0 | 1 | 2 | 3;

export interface Row<Data> {
  level: Level;
  data: v.GenericSchema<Data>;
  /** The event types of which one must have come before this one in the same trace. */
  follows?: readonly string[];
  /** One line for people, present tense, without a period. */
  says: (data: Data) => string;
  /** Source tag, e.g. `man pivot_root(2)`, `docker-api POST /containers/create`. */
  source: string;
}

export const row = <Data>(fields: Row<Data>): Row<Data> => fields;

/** The data of every message at a door, whichever stage sends it and whatever protocol carries it. */
export const doorData = v.object({
  door: v.picklist(['http', 'grpc', 'ttrpc', 'exec']),
  /** The stage at the other end, or `client` when it is a foreign program. */
  peer: v.string(),
  /** `POST /containers/create`, `containerd.services.tasks.v1.Tasks/Create`, `create`. */
  method: v.string(),
  /** On a sent request: the span that sent it; the event's own span is the child. */
  parent: v.optional(v.string()),
  /** Redacted and capped. */
  body: v.optional(v.unknown()),
  /** On a response: HTTP status, gRPC code or exit status. */
  status: v.optional(v.number()),
  error: v.optional(v.string()),
  /** Where the fields of the body come from: JSON pointer → cause. */
  provenance: v.optional(v.record(v.string(), v.string())),
});
export type DoorData = v.InferOutput<typeof doorData>;
