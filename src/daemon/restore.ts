// What an earlier daemon left: containers that run are taken over, half-made ones cleaned, policies applied.
import { asLabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { emit } from '../trace/recorder.ts';
import { Container } from './container/container.ts';
import { dropLeftTask } from './container/left-task.ts';
import { ignoreMissing } from './container/missing.ts';
import { openStreams } from './container/open-streams.ts';
import { loadRecords, removeFolder } from './container/record.ts';
import { removeNow } from './container/remove.ts';
import { restartLater } from './container/restart.ts';
import { startContainer } from './container/start.ts';
import type { Engine } from './engine.ts';
import { dropUnknownExecs } from './exec/left.ts';
import { removeOrphans } from './orphans.ts';

/** Before the door opens: afterwards every container is in a state that is true. */
export async function restoreContainers(engine: Engine): Promise<void> {
  const { records, halfMade, damaged } = loadRecords(paths.containers);
  for (const record of records)
    engine.containers.add(new Container(record, (container) => restartLater(engine, container)));
  for (const id of halfMade) await cleanHalfMade(engine, id);
  for (const { id, reason } of damaged) warnDamaged(id, reason);
  const spared = damaged.map(({ id }) => id);
  const containers = engine.containers.all();
  await restoreNetwork(engine, containers, spared);
  for (const container of containers) await settle(engine, container);
  await removeOrphans(engine, new Set([...containers.map(({ id }) => id), ...spared]));
}

const warnDamaged = (id: string, reason: string): void =>
  process.emitWarning(
    `container ${id}: its record ${paths.containers}/${id}/container.json is damaged: ${reason}; ` +
      'it is left as it is and not shown; put the file back and start the daemon again, or remove the folder',
  );

/** A create that was cut off: a folder without a record, a snapshot without a container. */
async function cleanHalfMade(engine: Engine, id: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(id)) return;
  await ignoreMissing(engine.containerd.snapshots.remove({ snapshotter: engine.snapshotter, key: id })).catch(warn(id));
  removeFolder(`${paths.containers}/${id}`);
}

async function restoreNetwork(
  engine: Engine,
  containers: readonly Container[],
  spared: readonly string[],
): Promise<void> {
  const running = containers.filter((container) => container.isRunning);
  const sandboxes = await engine.networking.restoreSandboxes([...running.map(({ id }) => id), ...spared]);
  for (const container of running) container.record.sandbox = sandboxes.get(container.id) ?? container.record.sandbox;
}

async function settle(engine: Engine, container: Container): Promise<void> {
  const { lifecycle } = container.record;
  if (container.isRunning) {
    container.restart.send({ type: 'STARTED' });
    openStreams(container);
    await dropUnknownExecs(engine, container.id).catch(warn(container.id));
    emit('daemon.container-taken-over', { data: { id: container.id, name: container.name, taskPid: lifecycle.pid } });
    return;
  }
  await dropLeftTask(engine, container.id).catch(warn(container.id));
  // A removal that was cut off goes on from `dead`, where the machine takes it up again.
  if (lifecycle.status === 'removing') lifecycle.status = 'dead';
  const isLeftover =
    lifecycle.status === 'dead' || (lifecycle.status === 'exited' && container.record.host.AutoRemove === true);
  if (isLeftover)
    await removeNow(engine, container, { removeVolumes: container.record.host.AutoRemove ?? false }).catch(
      warn(container.id),
    );
}

/** `always` and `unless-stopped` containers that should run and do not; after the event stream is open. */
export function applyRestartPolicies(engine: Engine): void {
  for (const container of engine.containers.all()) {
    const { lifecycle, host } = container.record;
    const policy = host.RestartPolicy?.Name ?? 'no';
    const isWanted = policy === 'always' || (policy === 'unless-stopped' && !lifecycle.isStoppedByUser);
    const wasInterrupted = container.status === 'restarting';
    if (!wasInterrupted && !(isWanted && container.status === 'exited')) continue;
    startContainer(engine, container).catch(warn(container.id));
  }
}

const warn =
  (id: string) =>
  (error: unknown): void =>
    process.emitWarning(`restoring container ${id}: ${asLabError(error).message}`);
