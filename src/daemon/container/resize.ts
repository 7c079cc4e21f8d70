// The size of a container's terminal.
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';

export async function resizeContainer(
  engine: Engine,
  container: Container,
  size: { width: number; height: number },
): Promise<void> {
  container.require('RESIZE');
  await engine.containerd.tasks.resizePty({ containerId: container.id, execId: '', ...size });
  const attributes = container.eventAttributes({ width: `${size.width}`, height: `${size.height}` });
  engine.events.publish('container', 'resize', container.id, attributes);
}
