// Removing a container: its snapshot, its volumes when asked, its folder. What fails leaves it `dead`, and removing it again goes on.
import { asLabError, LabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { ignoreMissing } from './missing.ts';
import { closeStreams } from './open-streams.ts';
import { removeFolder, snapshotOf } from './record.ts';
import { hasExited, sendSignal } from './stop.ts';

export interface RemoveOptions {
  force?: boolean;
  removeVolumes?: boolean;
}

const SIGKILL = 9;

export async function removeContainer(engine: Engine, container: Container, options: RemoveOptions): Promise<void> {
  if (options.force) await forceStop(engine, container);
  await removeNow(engine, container, options);
}

async function forceStop(engine: Engine, container: Container): Promise<void> {
  await container.exclusively(async () => {
    if (container.status === 'restarting') {
      container.restart.send({ type: 'STOPPED' });
      container.move({ type: 'STOP' });
    }
    if (!container.isRunning) return;
    container.stoppedByUser();
    await sendSignal(engine, container, SIGKILL);
  });
  if (!(await hasExited(container, 30))) {
    throw new LabError('deadlineExceeded', `removing container "${container.name}": it does not die of SIGKILL`);
  }
}

/** `--rm`. Without containerd it is taken up again as soon as there is one: see task-events.ts. */
export function removeItself(engine: Engine, container: Container): void {
  removeNow(engine, container, { removeVolumes: true }).catch((error) =>
    process.emitWarning(`removing container ${container.id}: ${asLabError(error).message}`),
  );
}

/** Of a container that does not run. */
export function removeNow(engine: Engine, container: Container, options: RemoveOptions): Promise<void> {
  return container.exclusively(async () => {
    if (!engine.containers.has(container.id)) return; // --rm and rm met
    container.require('REMOVE');
    container.move({ type: 'REMOVE' });
    try {
      await ignoreMissing(engine.containerd.snapshots.remove(snapshotOf(container.record)));
      if (options.removeVolumes) for (const name of container.record.anonymousVolumes) removeVolume(engine, name);
      removeFolder(container.folder);
    } catch (error) {
      container.move({ type: 'REMOVE_FAILED' });
      // Why the removal failed is what the person must hear, not that this could not be noted.
      container.saveOrWarn();
      const { kind, message } = asLabError(error);
      if (kind !== 'unavailable' || !container.record.host.AutoRemove) container.emit('kept', message);
      throw error;
    }
    // A client may have attached before a start that never was, to this daemon or to one before it.
    closeStreams(container);
    removeFolder(container.streamsFolder);
    container.restart.stop();
    engine.containers.remove(container);
    container.move({ type: 'REMOVED' });
    engine.events.publish('container', 'destroy', container.id, container.eventAttributes());
    container.emit('removed');
  });
}

function removeVolume(engine: Engine, name: string): void {
  try {
    engine.volumes.remove(name);
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== 'notFound') throw error;
  }
}
