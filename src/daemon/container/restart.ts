// Restarting: at once because a person asked, or later because the policy says so.
import { asLabError } from '../../base/errors.ts';
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { startContainer, startExclusive } from './start.ts';
import { type StopOptions, stopContainer } from './stop.ts';

export async function restartContainer(engine: Engine, container: Container, options: StopOptions): Promise<void> {
  if (container.isRunning || container.status === 'restarting') await stopContainer(engine, container, options);
  await startContainer(engine, container);
  engine.events.publish('container', 'restart', container.id, container.eventAttributes());
}

/** The back-off is over. A failure is recorded in the container's state and counted by the policy. */
export function restartLater(engine: Engine, container: Container): void {
  container
    .exclusively(async () => {
      if (container.status !== 'restarting') return;
      container.record.restartCount++;
      await startExclusive(engine, container);
    })
    .catch((error) => process.emitWarning(`restarting container ${container.id}: ${asLabError(error).message}`));
}
