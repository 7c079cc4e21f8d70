// How the daemon calls containerd: typed clients of every service over its unix socket. Speaks to tlab-containerd and to a
// real containerd 1.6 alike (which lacks Transfer). Objects live in a namespace; every call carries namespace and trace context.
import { type ClientContext, type ServiceClient, serviceClient } from './grpc/client.ts';
import { Client, credentials } from './grpc/library.ts';
import { largestMessageBytes } from './grpc/wire.ts';
import { Containers } from './proto/gen/containers_pb.ts';
import { Content } from './proto/gen/content_pb.ts';
import { Diff } from './proto/gen/diff_pb.ts';
import { Events } from './proto/gen/events_pb.ts';
import { Images } from './proto/gen/images_pb.ts';
import { Introspection } from './proto/gen/introspection_pb.ts';
import { Leases } from './proto/gen/leases_pb.ts';
import { Namespaces } from './proto/gen/namespaces_pb.ts';
import { Snapshots } from './proto/gen/snapshots_pb.ts';
import { Tasks } from './proto/gen/tasks_pb.ts';
import { Transfer } from './proto/gen/transfer_pb.ts';
import { Version } from './proto/gen/version_pb.ts';
import { pullImage, pushImage, type TransferRequest } from './transfer-client.ts';

/**
 * A label of a Diff request: paths, parted by `:`, that are left out where they are new and empty. Of mount points that the runtime made.
 * It is not kept on the blob.
 */
export const ignoredPathsLabel = 'io.tlab/diff-ignored-paths';

const services = {
  version: Version,
  namespaces: Namespaces,
  content: Content,
  images: Images,
  snapshots: Snapshots,
  diff: Diff,
  containers: Containers,
  tasks: Tasks,
  events: Events,
  leases: Leases,
  introspection: Introspection,
  transfer: Transfer,
} as const;

export type ContainerdServices = { [Name in keyof typeof services]: ServiceClient<(typeof services)[Name]> };

export type { TransferProgress } from './transfer/protocol.ts';
export type { TransferRequest } from './transfer-client.ts';

export type ContainerdClient = ContainerdServices & {
  readonly namespace: string;
  /** Pulls, unpacks and names an image, with progress. Errors: notFound, permissionDenied, unavailable, dataLoss, cancelled; notImplemented by a real containerd. */
  pull(request: TransferRequest): Promise<void>;
  /** Sends an image to its registry, with progress. Errors: as pull. */
  push(request: TransferRequest): Promise<void>;
  /** The same connection, another namespace; closing either closes both. */
  inNamespace(namespace: string): ContainerdClient;
  close(): void;
};

export interface ContainerdOptions {
  /** Path of containerd's gRPC socket. */
  address: string;
  namespace: string;
  /** Whose requests these are in a trace; `daemon` unless told. */
  stage?: ClientContext['stage'];
}

/**
 * Connects lazily: the first call makes the connection, later ones make it again after a restart of containerd.
 * Errors: LabError of the kind that the server threw; `unavailable` when nothing listens. Release: `close()`.
 */
export function connectContainerd(options: ContainerdOptions): ContainerdClient {
  const channel = new Client(`unix:${options.address}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.max_send_message_length': largestMessageBytes,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.enable_http_proxy': 0,
    'grpc.default_authority': 'localhost',
  });
  return clientOver({ channel, namespace: options.namespace, stage: options.stage ?? 'daemon' });
}

function clientOver(context: ClientContext): ContainerdClient {
  const opened: ContainerdServices = {
    version: serviceClient(services.version, context),
    namespaces: serviceClient(services.namespaces, context),
    content: serviceClient(services.content, context),
    images: serviceClient(services.images, context),
    snapshots: serviceClient(services.snapshots, context),
    diff: serviceClient(services.diff, context),
    containers: serviceClient(services.containers, context),
    tasks: serviceClient(services.tasks, context),
    events: serviceClient(services.events, context),
    leases: serviceClient(services.leases, context),
    introspection: serviceClient(services.introspection, context),
    transfer: serviceClient(services.transfer, context),
  };
  return {
    ...opened,
    pull: (request) => pullImage(opened, request),
    push: (request) => pushImage(opened, request),
    namespace: context.namespace,
    inNamespace: (namespace) => clientOver({ ...context, namespace }),
    close: () => context.channel.close(),
  };
}
