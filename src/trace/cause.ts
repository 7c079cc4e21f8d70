// Why something happened: a short reference that explain/ follows to its root.
//   config:/linux/resources/memory/limit   a line of config.json  → provenance of daemon.spec-generated
//   api:/HostConfig/Memory                  a field of the request → provenance of cli.request-sent
//   flag:--memory  argument:IMAGE  command:run      what the person typed: a root
//   image:/config/Cmd                       the image's configuration: a root
//   default:masked-paths                    a named default of defaults.ts: a root
//   dockerfile:12                           a line of the Dockerfile: a root
//   request:/containers/{id}/start          a client's own request (curl, docker, ctr): a root
// An event without a cause of its own inherits that of the span that it belongs to.
import type { DefaultName } from './defaults.ts';

export type Cause =
  | `config:/${string}`
  | `api:/${string}`
  | `flag:--${string}`
  | `argument:${string}`
  | `command:${string}`
  | `image:/${string}`
  | `default:${DefaultName}`
  | `request:${string}`
  | `dockerfile:${number}`;

/** Where each field of a document comes from: JSON pointer → cause. A missing pointer inherits from its nearest ancestor. */
export type Provenance = Record<string, Cause>;
