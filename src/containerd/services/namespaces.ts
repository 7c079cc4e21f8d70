// namespaces.v1
import type { ServiceImplementation } from '../grpc/server.ts';
import { NamespaceCreateSchema, NamespaceDeleteSchema, NamespaceUpdateSchema } from '../proto/gen/event_types_pb.ts';
import type { Namespaces } from '../proto/gen/namespaces_pb.ts';
import type { Stage } from '../stage.ts';
import { required } from './wire.ts';

export function namespacesService({ namespaces, exchange }: Stage): ServiceImplementation<typeof Namespaces> {
  return {
    get: ({ name }) => ({ namespace: namespaces.get(name) }),
    list: () => ({ namespaces: namespaces.list() }),
    create({ namespace }) {
      const { name, labels } = required('namespace', namespace);
      const made = namespaces.create(name, labels);
      exchange.publish({
        namespace: name,
        topic: '/namespaces/create',
        schema: NamespaceCreateSchema,
        message: { name, labels },
      });
      return { namespace: made };
    },
    update({ namespace, updateMask }) {
      const changed = namespaces.update(required('namespace', namespace), updateMask?.paths);
      exchange.publish({
        namespace: changed.name,
        topic: '/namespaces/update',
        schema: NamespaceUpdateSchema,
        message: changed,
      });
      return { namespace: changed };
    },
    delete({ name }) {
      namespaces.delete(name);
      exchange.publish({
        namespace: name,
        topic: '/namespaces/delete',
        schema: NamespaceDeleteSchema,
        message: { name },
      });
      return {};
    },
  };
}
