// The doors of the containerd stage: gRPC for clients, ttrpc for the events of shims. Transport and method table, no logic.
import { chmodSync, rmSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { withRoom } from '../base/disk.ts';
import { LabError } from '../base/errors.ts';
import { Events as ShimEvents } from '../shim/proto/gen/forward_pb.ts';
import { serveTtrpc } from '../shim/server.ts';
import { emit, traceDoor } from '../trace/recorder.ts';
import { Server, ServerCredentials } from './grpc/library.ts';
import { addService } from './grpc/server.ts';
import { largestMessageBytes } from './grpc/wire.ts';
import { Containers } from './proto/gen/containers_pb.ts';
import { Content } from './proto/gen/content_pb.ts';
import { Diff } from './proto/gen/diff_pb.ts';
import { EnvelopeSchema, Events } from './proto/gen/events_pb.ts';
import { Images } from './proto/gen/images_pb.ts';
import { Introspection } from './proto/gen/introspection_pb.ts';
import { Leases } from './proto/gen/leases_pb.ts';
import { Namespaces } from './proto/gen/namespaces_pb.ts';
import { Snapshots } from './proto/gen/snapshots_pb.ts';
import { Tasks } from './proto/gen/tasks_pb.ts';
import { Transfer } from './proto/gen/transfer_pb.ts';
import { Version } from './proto/gen/version_pb.ts';
import { containersService } from './services/containers.ts';
import { contentService } from './services/content.ts';
import { diffService } from './services/diff.ts';
import { eventsService } from './services/events.ts';
import { imagesService } from './services/images.ts';
import { introspectionService } from './services/introspection.ts';
import { leasesService } from './services/leases.ts';
import { namespacesService } from './services/namespaces.ts';
import { snapshotsService } from './services/snapshots.ts';
import { tasksService } from './services/tasks.ts';
import { transferService } from './services/transfer.ts';
import { versionService } from './services/version.ts';
import type { Stage } from './stage.ts';
import { watchShimEvents } from './task/shim-events.ts';

/** Serves until `close()`. Calls that are under way then get a second to end. */
export async function serve(stage: Stage, traces: string): Promise<{ close(): Promise<void> }> {
  const door = traceDoor(traces, 'containerd');
  const { address } = stage.settings;
  watchShimEvents(stage);
  const shims = await serveTtrpc(`${address}.ttrpc`, ShimEvents, {
    forward: ({ envelope }, metadata) =>
      door.run(metadata.traceparent, () => {
        if (envelope === undefined) throw new LabError('invalidArgument', 'envelope is missing');
        const { namespace, topic, timestamp, event } = envelope;
        emit('containerd.event-published', { data: { namespace, topic, from: 'shim' } });
        stage.exchange.forward(
          create(EnvelopeSchema, { namespace, topic, ...(timestamp && { timestamp }), ...(event && { event }) }),
        );
        return {};
      }),
  });
  const server = grpcServer(stage, door);
  await listen(server, address);
  return {
    async close() {
      shims.close();
      const forced = setTimeout(() => server.forceShutdown(), 1000);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(forced);
      rmSync(address, { force: true });
      rmSync(`${address}.ttrpc`, { force: true });
    },
  };
}

function grpcServer(stage: Stage, door: ReturnType<typeof traceDoor>): Server {
  const server = new Server({
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.max_send_message_length': largestMessageBytes,
  });
  const told = (error: unknown) => withRoom(error, stage.settings.root);
  addService(server, { door, told, service: Version, implementation: versionService() });
  addService(server, { door, told, service: Namespaces, implementation: namespacesService(stage) });
  addService(server, { door, told, service: Content, implementation: contentService(stage) });
  addService(server, { door, told, service: Images, implementation: imagesService(stage) });
  addService(server, { door, told, service: Snapshots, implementation: snapshotsService(stage) });
  addService(server, { door, told, service: Diff, implementation: diffService(stage) });
  addService(server, { door, told, service: Containers, implementation: containersService(stage) });
  addService(server, { door, told, service: Tasks, implementation: tasksService(stage) });
  addService(server, { door, told, service: Events, implementation: eventsService(stage) });
  addService(server, { door, told, service: Leases, implementation: leasesService(stage) });
  addService(server, { door, told, service: Introspection, implementation: introspectionService(stage) });
  addService(server, { door, told, service: Transfer, implementation: transferService(stage) });
  return server;
}

/** Root's alone, as a real containerd's is: the group that may use the daemon has its own door. */
async function listen(server: Server, address: string): Promise<void> {
  rmSync(address, { force: true });
  // Nobody may connect between bind and chmod. @source man umask(2)
  const mask = process.umask(0o117);
  try {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${address}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(address, 0o660);
}
