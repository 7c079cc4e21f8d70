// How the daemon pulls and pushes: one Transfer call, with the progress events that belong to it. Needs tlab-containerd; a real containerd 1.6 has no
// Transfer service and refuses with notImplemented.
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import * as v from 'valibot';
import { newContainerId } from '../base/ids.ts';
import type { ServiceClient } from './grpc/client.ts';
import type { Events } from './proto/gen/events_pb.ts';
import type { Transfer } from './proto/gen/transfer_pb.ts';
import { ImageStoreSchema, OCIRegistrySchema } from './proto/gen/transfer_types_pb.ts';
import { progressEnvelope, progressTopic, resolverHeaders, type TransferProgress } from './transfer/protocol.ts';

export interface TransferRequest {
  /** Canonical or familiar: `nginx`, `docker.io/library/nginx:latest`. */
  reference: string;
  platform?: { os: string; architecture: string; variant?: string | undefined };
  /** What unpacks it; containerd's default when left out. */
  snapshotter?: string;
  /** Keys of daemon.json. */
  mirrors?: readonly string[];
  insecureRegistries?: readonly string[];
  registryRealms?: readonly string[];
  /** Docker's X-Registry-Auth header as it came. */
  registryAuth?: string;
  signal?: AbortSignal;
  onProgress?: (progress: TransferProgress) => void;
}

interface TransferServices {
  transfer: ServiceClient<typeof Transfer>;
  events: ServiceClient<typeof Events>;
}

/** How long to wait for the last progress events after the answer. */
const lingerMs = 500;

/** Pulls, unpacks and names the image. Errors: notFound, permissionDenied, unavailable, dataLoss, cancelled, … */
export function pullImage(client: TransferServices, request: TransferRequest): Promise<void> {
  return transferImage(client, request, (registry) => ({
    source: registry,
    destination: anyOf(ImageStoreSchema, {
      platforms: platformsOf(request),
      unpacks: request.snapshotter === undefined ? [] : [{ snapshotter: request.snapshotter }],
    }),
  }));
}

/** Sends the image of this name to its registry. Errors: notFound, permissionDenied, unavailable, dataLoss, cancelled, … */
export function pushImage(client: TransferServices, request: TransferRequest): Promise<void> {
  return transferImage(client, request, (registry) => ({
    source: anyOf(ImageStoreSchema, { name: request.reference, platforms: platformsOf(request) }),
    destination: registry,
  }));
}

async function transferImage(
  client: TransferServices,
  request: TransferRequest,
  endsOf: (registry: Any) => { source: Any; destination: Any },
): Promise<void> {
  const transfer = newContainerId();
  const stop = new AbortController();
  const watching = watch(client, { transfer, stop: stop.signal, tell: request.onProgress ?? (() => {}) });
  const resolver = { headers: headersOf(request, transfer) };
  try {
    const options = request.signal === undefined ? {} : { signal: request.signal };
    await client.transfer.transfer(
      endsOf(anyOf(OCIRegistrySchema, { reference: request.reference, resolver })),
      options,
    );
  } finally {
    const timer = setTimeout(() => stop.abort(), lingerMs);
    await watching;
    clearTimeout(timer);
  }
}

function platformsOf({ platform }: TransferRequest) {
  if (platform === undefined) return [];
  const { os, architecture, variant = '' } = platform;
  return [{ os, architecture, variant }];
}

function headersOf(request: TransferRequest, transfer: string): Record<string, string> {
  return {
    [resolverHeaders.transfer]: transfer,
    [resolverHeaders.mirrors]: (request.mirrors ?? []).join(','),
    [resolverHeaders.insecure]: (request.insecureRegistries ?? []).join(','),
    [resolverHeaders.realms]: (request.registryRealms ?? []).join(','),
    ...(request.registryAuth === undefined ? {} : { [resolverHeaders.credentials]: request.registryAuth }),
  };
}

/** Hands on the events of one transfer until its last one. */
async function watch(
  client: TransferServices,
  what: { transfer: string; stop: AbortSignal; tell: (progress: TransferProgress) => void },
): Promise<void> {
  try {
    const filters = [`topic==${progressTopic}`];
    for await (const { event } of client.events.subscribe({ filters }, { signal: what.stop })) {
      const parsed = v.safeParse(progressEnvelope, JSON.parse(Buffer.from(event?.value ?? []).toString()));
      if (!parsed.success || parsed.output.transfer !== what.transfer) continue;
      if (parsed.output.progress.kind === 'ended') return;
      what.tell(parsed.output.progress);
    }
  } catch {
    // Progress is a courtesy: the transfer's own answer says how it went.
  }
}

const anyOf = <S extends DescMessage>(schema: S, init: MessageInitShape<S>): Any =>
  create(AnySchema, { typeUrl: schema.typeName, value: toBinary(schema, create(schema, init)) });
