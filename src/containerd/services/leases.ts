// leases.v1
import { emit } from '../../trace/recorder.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import { type LeaseInfo, leaseFields } from '../metadata/leases.ts';
import type { Leases } from '../proto/gen/leases_pb.ts';
import type { Stage } from '../stage.ts';
import { required, timestamp } from './wire.ts';

const leaseMessage = (lease: LeaseInfo) => ({
  id: lease.id,
  labels: lease.labels,
  createdAt: timestamp(lease.createdMs),
});

export function leasesService(stage: Stage): ServiceImplementation<typeof Leases> {
  const { leases, namespaces } = stage;
  return {
    create({ id, labels }, call) {
      const lease = leases.create(namespaces.ensure(call.namespace), id, labels);
      stage.expiry.watch();
      emit('containerd.lease-created', { data: { namespace: call.namespace, id: lease.id } });
      return { lease: leaseMessage(lease) };
    },
    async delete({ id, sync }, { namespace }) {
      leases.delete(namespace, id);
      emit('containerd.lease-deleted', { data: { namespace, id } });
      if (sync) await stage.collectGarbage();
      return {};
    },
    list({ filters }, { namespace }) {
      const filter = parseFilters(filters);
      return {
        leases: leases
          .list(namespace)
          .filter((lease) => filter(leaseFields(lease)))
          .map(leaseMessage),
      };
    },
    addResource({ id, resource }, { namespace }) {
      leases.addResource(namespace, id, required('resource', resource));
      return {};
    },
    deleteResource({ id, resource }, { namespace }) {
      leases.deleteResource(namespace, id, required('resource', resource));
      return {};
    },
    listResources: ({ id }, { namespace }) => ({ resources: leases.resources(namespace, id) }),
  };
}
