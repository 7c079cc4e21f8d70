// containers.v1
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import { containerFields } from '../metadata/containers.ts';
import { parseFilters } from '../metadata/filter.ts';
import type { Containers } from '../proto/gen/containers_pb.ts';
import { ContainerCreateSchema, ContainerDeleteSchema, ContainerUpdateSchema } from '../proto/gen/event_types_pb.ts';
import type { Stage } from '../stage.ts';
import { required } from './wire.ts';

export function containersService(stage: Stage): ServiceImplementation<typeof Containers> {
  const { containers, namespaces, exchange, tasks } = stage;
  const listed = (namespace: string, filters: readonly string[]) => {
    const filter = parseFilters(filters);
    return containers.list(namespace).filter((container) => filter(containerFields(container)));
  };
  return {
    get: ({ id }, { namespace }) => ({ container: containers.get(namespace, id) }),
    list: ({ filters }, { namespace }) => ({ containers: listed(namespace, filters) }),
    *listStream({ filters }, { namespace }) {
      for (const container of listed(namespace, filters)) yield { container };
    },
    create(request, call) {
      const namespace = namespaces.ensure(call.namespace);
      const container = containers.create(namespace, required('container', request.container));
      const { id, image, runtime, snapshotKey } = container;
      const event = { id, image, ...(runtime === undefined ? {} : { runtime: { name: runtime.name } }) };
      exchange.publish({ namespace, topic: '/containers/create', schema: ContainerCreateSchema, message: event });
      emit('containerd.container-created', {
        data: { namespace, id, image, runtime: runtime?.name ?? '', snapshotKey },
      });
      return { container };
    },
    update({ container, updateMask }, { namespace }) {
      const changed = containers.update(namespace, required('container', container), updateMask?.paths);
      const { id, image, labels, snapshotKey } = changed;
      exchange.publish({
        namespace,
        topic: '/containers/update',
        schema: ContainerUpdateSchema,
        message: { id, image, labels, snapshotKey },
      });
      return { container: changed };
    },
    delete({ id }, { namespace }) {
      if (tasks.find(namespace, id) !== undefined) {
        throw new LabError('conflict', `cannot delete container "${id}": it has a task, which must be deleted first`);
      }
      containers.delete(namespace, id);
      exchange.publish({ namespace, topic: '/containers/delete', schema: ContainerDeleteSchema, message: { id } });
      emit('containerd.container-deleted', { data: { namespace, id } });
      return {};
    },
  };
}
