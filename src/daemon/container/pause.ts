// Pausing and going on: the cgroup's freezer, through the task.
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';

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

function changed(engine: Engine, container: Container, type: 'PAUSE' | 'UNPAUSE'): void {
  container.move({ type });
  container.save();
  engine.events.publish('container', type.toLowerCase(), container.id, container.eventAttributes());
}
