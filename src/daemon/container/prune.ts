// POST /containers/prune: every container that does not run, unless a filter spares it.
import type { Engine } from '../engine.ts';
import { type Filters, hasLabels } from '../filters.ts';
import type { PruneResponse } from '../protocol.ts';
import { parseRfc3339, parseTimeNs } from '../time.ts';
import type { Container } from './container.ts';
import { removeNow } from './remove.ts';

export async function pruneContainers(engine: Engine, filters: Filters): Promise<PruneResponse> {
  const deleted: string[] = [];
  for (const container of engine.containers.all()) {
    if (!isPrunable(container, filters)) continue;
    await removeNow(engine, container, {});
    deleted.push(container.id);
  }
  return { ContainersDeleted: deleted, SpaceReclaimed: 0 };
}

function isPrunable(container: Container, filters: Filters): boolean {
  if (!['created', 'exited', 'dead'].includes(container.status)) return false;
  const [until] = filters.until ?? [];
  const createdNs = parseRfc3339(container.record.created) ?? 0n;
  if (until !== undefined && createdNs > parseTimeNs(until, 'until')) return false;
  const labels = container.record.config.Labels ?? {};
  const spared = filters['label!'] ?? [];
  return hasLabels(filters, labels) && !spared.some((label) => hasLabels({ label: [label] }, labels));
}
