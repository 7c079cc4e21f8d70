// introspection.v1: which of containerd's plugins this server has an equivalent of, under the names that clients look for.
import type { ServiceImplementation } from '../grpc/server.ts';
import { fieldsOf, parseFilters } from '../metadata/filter.ts';
import type { Introspection } from '../proto/gen/introspection_pb.ts';
import type { Stage } from '../stage.ts';

const services = [
  'containers',
  'content',
  'diff',
  'events',
  'images',
  'introspection',
  'leases',
  'namespaces',
  'snapshots',
  'tasks',
  'transfer',
  'version',
];

export function introspectionService(stage: Stage): ServiceImplementation<typeof Introspection> {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const platforms = [{ os: 'linux', architecture }];
  const plugin = (type: string, id: string, exports: Record<string, string> = {}) => ({
    type: `io.containerd.${type}`,
    id,
    platforms,
    exports,
  });
  const plugins = [
    plugin('content.v1', 'content', { root: `${stage.settings.root}/blobs` }),
    ...[...stage.snapshotters.values()].map(({ name, folder }) => plugin('snapshotter.v1', name, { root: folder })),
    plugin('metadata.v1', 'sqlite', { path: `${stage.settings.root}/meta.db`, policy: 'shared' }),
    plugin('differ.v1', 'walking'),
    plugin('event.v1', 'exchange'),
    plugin('gc.v1', 'scheduler'),
    plugin('runtime.v2', 'task'),
    ...services.map((name) => plugin('grpc.v1', name)),
  ];
  return {
    plugins({ filters }) {
      const filter = parseFilters(filters);
      return { plugins: plugins.filter(({ type, id, exports }) => filter(fieldsOf({ type, id }, exports))) };
    },
    server: () => ({ uuid: stage.uuid }),
  };
}
