// POST /containers/{id}/update: other limits and another restart policy, at once when it runs.
import * as v from 'valibot';
import type { Engine } from '../engine.ts';
import { checkHostConfig } from '../schema/check.ts';
import { hostConfigFields } from '../schema/host-config.ts';
import { newDraft } from '../spec/draft.ts';
import { putResources } from '../spec/linux.ts';
import type { Container } from './container.ts';

const {
  Memory,
  MemorySwap,
  MemoryReservation,
  NanoCpus,
  CpuQuota,
  CpuPeriod,
  CpuShares,
  CpusetCpus,
  CpusetMems,
  PidsLimit,
  RestartPolicy,
} = hostConfigFields;

/** @source docker-api POST /containers/{id}/update */
export const updateSchema = v.object({
  Memory,
  MemorySwap,
  MemoryReservation,
  NanoCpus,
  CpuQuota,
  CpuPeriod,
  CpuShares,
  CpusetCpus,
  CpusetMems,
  PidsLimit,
  RestartPolicy,
});
export type UpdateBody = v.InferOutput<typeof updateSchema>;

/** @source containerd typeurl */
const resourcesType = 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources';

/** Errors: invalidArgument; conflict when the container is going. */
export function updateContainer(engine: Engine, container: Container, body: UpdateBody): Promise<void> {
  return container.exclusively(async () => {
    container.require('UPDATE');
    const { RestartPolicy: policy, ...limits } = body;
    const changes = Object.fromEntries(
      Object.entries(limits).filter(([, value]) => value !== undefined && value !== 0 && value !== ''),
    );
    const host = { ...container.record.host, ...changes, ...(policy?.Name ? { RestartPolicy: policy } : {}) };
    checkHostConfig(host);
    if (container.isRunning && Object.keys(changes).length > 0) await apply(engine, container.id, changes);
    container.record.host = host;
    container.save();
    if (policy?.Name) {
      const { Name, MaximumRetryCount = 0 } = policy;
      container.restart.send({ type: 'POLICY', policy: { Name, MaximumRetryCount: MaximumRetryCount ?? 0 } });
    }
    engine.events.publish('container', 'update', container.id, container.eventAttributes());
  });
}

async function apply(engine: Engine, containerId: string, changes: Partial<UpdateBody>): Promise<void> {
  const draft = newDraft();
  putResources(draft, changes);
  const resources = draft.finish().config.linux?.resources ?? {};
  const value = new TextEncoder().encode(JSON.stringify(resources));
  await engine.containerd.tasks.update({ containerId, resources: { typeUrl: resourcesType, value } });
}
