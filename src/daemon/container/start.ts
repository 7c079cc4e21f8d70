// Starting a container: what must hold before, the walk down the pipeline (launch.ts), and what is written down after it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import type { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { currentTrace } from '../../trace/context.ts';
import type { Engine } from '../engine.ts';
import { timestampNow } from '../time.ts';
import type { Container } from './container.ts';
import { launch } from './launch.ts';
import { removeItself } from './remove.ts';
import { startFailure } from './task-errors.ts';

/** False when it runs already. Errors: as the runtime says; `programNotFound`, `notExecutable`. */
export function startContainer(engine: Engine, container: Container): Promise<boolean> {
  return container.exclusively(async () => {
    if (container.status === 'running') return false;
    container.require('START');
    await startExclusive(engine, container);
    return true;
  });
}

/** The caller holds the container. */
export async function startExclusive(engine: Engine, container: Container): Promise<void> {
  rememberTrace(container);
  // Before the program: it can be killed for want of memory before its start is written down.
  container.record.lifecycle.isOomKilled = false;
  try {
    started(engine, container, await launch(engine, container));
  } catch (thrown) {
    const { error, exitCode } = startFailure(thrown, container.record.path);
    failed(engine, container, { exitCode, error });
    throw error;
  }
}

/** Only while that trace is still being written: afterwards the exit is nobody's news. */
function rememberTrace(container: Container): void {
  const trace = currentTrace();
  const enter = AsyncLocalStorage.snapshot();
  container.inTraceOfStart = (body) => {
    const isOpen = trace !== undefined && existsSync(`${paths.traces}/${trace.traceId}/parts`);
    return isOpen ? enter(body) : body();
  };
}

function started(engine: Engine, container: Container, pid: number): void {
  const { lifecycle } = container.record;
  container.move({ type: 'START' });
  // finishedAt stays that of the last end, as Docker keeps it. @source moby container/state.go setRunning
  Object.assign(lifecycle, { pid, exitCode: 0, error: '', startedAt: timestampNow() });
  lifecycle.isStoppedByUser = false;
  container.saveOrWarn();
  container.restart.send({ type: 'STARTED' });
  const { sandbox } = container.record;
  if (sandbox !== undefined) {
    engine.events.publish('network', 'connect', sandbox.networkId, {
      container: container.id,
      name: sandbox.network,
      type: sandbox.network,
    });
  }
  engine.events.publish('container', 'start', container.id, container.eventAttributes());
  container.emit('started');
}

function failed(
  engine: Engine,
  container: Container,
  { exitCode, error }: { exitCode: number; error: LabError },
): void {
  Object.assign(container.record.lifecycle, { exitCode, error: error.message, pid: 0 });
  container.record.sandbox = undefined;
  container.restart.send({ type: 'START_FAILED' });
  container.move({ type: isPutOff(container, error) ? 'BACKED_OFF' : 'START_FAILED' });
  container.saveOrWarn();
  if (container.record.host.AutoRemove) removeItself(engine, container);
}

/** A restart while containerd is away fails for no fault of the container's: the policy tries it again. */
const isPutOff = (container: Container, { kind }: LabError): boolean =>
  kind === 'unavailable' && container.status === 'restarting' && container.restart.getSnapshot().value === 'backingOff';
