// Starting a container: what must hold before, the walk down the pipeline (launch.ts), and what is written down after it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { asLabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { currentTrace } from '../../trace/context.ts';
import type { Engine } from '../engine.ts';
import { timestampNow } from '../time.ts';
import type { Container } from './container.ts';
import { launch } from './launch.ts';
import { removeNow } from './remove.ts';
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
  try {
    started(engine, container, await launch(engine, container));
  } catch (thrown) {
    const { error, exitCode } = startFailure(thrown, container.record.path);
    failed(engine, container, { exitCode, message: error.message });
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
  Object.assign(lifecycle, { isOomKilled: false, isStoppedByUser: false });
  container.isStopping = false;
  container.save();
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
  { exitCode, message }: { exitCode: number; message: string },
): void {
  Object.assign(container.record.lifecycle, { exitCode, error: message, pid: 0 });
  container.record.sandbox = undefined;
  container.move({ type: 'START_FAILED' });
  container.save();
  container.restart.send({ type: 'START_FAILED' });
  if (!container.record.host.AutoRemove) return;
  removeNow(engine, container, { removeVolumes: true }).catch((error) => {
    process.emitWarning(`removing container ${container.id}: ${asLabError(error).message}`);
  });
}
