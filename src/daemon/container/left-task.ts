// What containerd still has of a container that does not run: a start or an exit in which the daemon or containerd was killed.
import { LabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import { ignoreMissing } from './missing.ts';

/** The caller holds the container. Does nothing when there is nothing. */
export async function dropLeftTask(engine: Engine, containerId: string): Promise<void> {
  try {
    await engine.containerd.tasks.kill({ containerId, execId: '', signal: 9, all: true });
  } catch (error) {
    if (!(error instanceof LabError) || error.kind === 'unavailable') throw error;
  }
  await ignoreMissing(engine.containerd.tasks.delete({ containerId }));
  await ignoreMissing(engine.containerd.containers.delete({ id: containerId }));
}
