// POST /containers/prune: every container that does not run, unless a filter spares it.
import { writtenBytes } from '../disk-usage.ts';
import type { Engine } from '../engine.ts';
import { type Filters, isLabelled } from '../filters.ts';
import type { PruneResponse } from '../protocol.ts';
import { parseRfc3339, parseTimeNs } from '../time.ts';
import type { Container } from './container.ts';
import { removeNow } from './remove.ts';

export async function pruneContainers(engine: Engine, filters: Filters): Promise<PruneResponse> {
  const deleted: string[] = [];
  let reclaimedBytes = 0;
  for (const container of engine.containers.all()) {
    if (!isPrunable(container, filters)) continue;
    const bytes = await writtenBytes(engine, container);
    if (!isPrunable(container, filters)) continue;
    await removeNow(engine, container, {});
    reclaimedBytes += bytes;
    deleted.push(container.id);
  }
  return { ContainersDeleted: deleted, SpaceReclaimed: reclaimedBytes };
}

function isPrunable(container: Container, filters: Filters): boolean {
  if (!['created', 'exited', 'dead'].includes(container.status)) return false;
  const [until] = filters.until ?? [];
  const createdNs = parseRfc3339(container.record.created) ?? 0n;
  if (until !== undefined && createdNs > parseTimeNs(until, 'until')) return false;
  return isLabelled(filters, container.record.config.Labels ?? {});
}
