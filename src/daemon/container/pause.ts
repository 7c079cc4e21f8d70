// Pausing and going on: the cgroup's freezer, through the task.
import { Status } from '../../shim/proto/gen/process_pb.ts';
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { ignoreMissing } from './missing.ts';

export function pauseContainer(engine: Engine, container: Container): Promise<void> {
  return container.exclusively(async () => {
    container.require('PAUSE');
    await engine.containerd.tasks.pause({ containerId: container.id });
    changed(engine, container, 'PAUSE');
  });
}

export function unpauseContainer(engine: Engine, container: Container): Promise<void> {
  return container.exclusively(async () => {
    container.require('UNPAUSE');
    await engine.containerd.tasks.resume({ containerId: container.id });
    changed(engine, container, 'UNPAUSE');
  });
}

/** The state as the task has it: somebody else may have paused it, and a signal makes a paused one go on. */
export function followFreezer(engine: Engine, container: Container): Promise<void> {
  const look = container.exclusively(async () => {
    if (!container.isRunning) return;
    const { process: task } = await engine.containerd.tasks.get({ containerId: container.id, execId: '' });
    if (task?.status === Status.PAUSED && container.status === 'running') changed(engine, container, 'PAUSE');
    if (task?.status === Status.RUNNING && container.status === 'paused') changed(engine, container, 'UNPAUSE');
  });
  return ignoreMissing(look); // its exit is on its way
}

function changed(engine: Engine, container: Container, type: 'PAUSE' | 'UNPAUSE'): void {
  container.move({ type });
  container.saveOrWarn();
  engine.events.publish('container', type.toLowerCase(), container.id, container.eventAttributes());
}
