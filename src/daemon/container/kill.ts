// POST /containers/{id}/kill: any signal to the first process. A deadly one counts as a person's stop.
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { parseSignal } from './signals.ts';
import { hasExited, sendSignal, stopSignalOf } from './stop.ts';

const SIGKILL = 9;

export async function killContainer(engine: Engine, container: Container, signalName: string): Promise<void> {
  const signal = parseSignal(signalName || 'SIGKILL');
  await container.exclusively(async () => {
    container.require('KILL');
    if (container.status === 'restarting') {
      container.restart.send({ type: 'STOPPED' });
      container.move({ type: 'KILL' });
      container.stoppedByUser();
      return;
    }
    if (signal === SIGKILL || signal === stopSignalOf(container)) container.stoppedByUser();
    await sendSignal(engine, container, signal);
  });
  // Docker answers a SIGKILL when the container is dead, so that a remove can follow at once.
  if (signal === SIGKILL) await hasExited(container, 10);
}
