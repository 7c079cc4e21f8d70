// A transfer's resolver: what its headers say about mirrors, insecure registries and who asks, and whom to tell how far it is.
// Rule: credentials are the client's. This process never looks for any of its own, so that nobody pulls as somebody else.
import { create } from '@bufbuild/protobuf';
import { AnySchema, timestampNow } from '@bufbuild/protobuf/wkt';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import type { ClientOptions } from '../../registry/client.ts';
import type { Credentials } from '../../registry/credentials.ts';
import type { RegistryConfiguration } from '../../registry/hosts.ts';
import { EnvelopeSchema } from '../proto/gen/events_pb.ts';
import type { Stage } from '../stage.ts';
import { progressTopic, progressType, resolverHeaders, type TransferProgress } from './protocol.ts';

export type Headers = Readonly<Record<string, string>>;

export const configurationOf = (headers: Headers): RegistryConfiguration => ({
  mirrors: listed(headers[resolverHeaders.mirrors]),
  insecure: listed(headers[resolverHeaders.insecure]),
  realms: listed(headers[resolverHeaders.realms]),
});

const listed = (text: string | undefined): string[] => (text ?? '').split(',').filter((entry) => entry !== '');

/** Errors: invalidArgument for a broken X-Registry-Auth. */
export function clientOptionsOf(headers: Headers, notice: (text: string) => void): ClientOptions {
  const credentials = credentialsOf(headers);
  return { credentials: async () => credentials, notice };
}

const credentialsSchema = v.object({
  username: v.optional(v.string(), ''),
  password: v.optional(v.string(), ''),
  identitytoken: v.optional(v.string()),
});

/** @source docker-api X-Registry-Auth: base64url of a JSON object */
function credentialsOf(headers: Headers): Credentials | undefined {
  const header = headers[resolverHeaders.credentials];
  if (header === undefined || header === '') return undefined;
  const parsed = v.safeParse(credentialsSchema, jsonOf(Buffer.from(header, 'base64').toString()));
  if (!parsed.success)
    throw new LabError(
      'invalidArgument',
      'X-Registry-Auth: expected base64 of a JSON object with username and password',
    );
  const { username, password, identitytoken } = parsed.output;
  const hasToken = identitytoken !== undefined && identitytoken !== '';
  if (username === '' && !hasToken) return undefined;
  return { username, password, ...(hasToken ? { identityToken: identitytoken } : {}) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Teller = (progress: TransferProgress) => void;

export function teller({ exchange }: Stage, { namespace, headers }: { namespace: string; headers: Headers }): Teller {
  const transfer = headers[resolverHeaders.transfer];
  if (transfer === undefined) return () => {};
  return (progress) => {
    const value = Buffer.from(JSON.stringify({ transfer, progress }));
    const event = create(AnySchema, { typeUrl: progressType, value });
    exchange.forward(create(EnvelopeSchema, { timestamp: timestampNow(), namespace, topic: progressTopic, event }));
  };
}
