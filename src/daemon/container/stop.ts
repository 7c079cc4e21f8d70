// Stopping: the stop signal, time to leave, then SIGKILL. Waits for the exit outside the container's queue.
import { once } from 'node:events';
import { asLabError } from '../../base/errors.ts';
import { timerMs } from '../../base/timers.ts';
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { ignoreMissing } from './missing.ts';
import { parseSignal } from './signals.ts';

export interface StopOptions {
  /** Seconds before SIGKILL; -1: never. */
  timeoutSeconds?: number | undefined;
  signal?: string | undefined;
}

/** @source docker-api POST /containers/{id}/stop */
const defaultTimeoutSeconds = 10;
const SIGKILL = 9;

/** False when it does not run. */
export async function stopContainer(engine: Engine, container: Container, options: StopOptions = {}): Promise<boolean> {
  const isSent = await container.exclusively(() => beginStop(engine, container, options));
  if (isSent !== 'sent') return isSent === 'cancelled';
  const seconds = options.timeoutSeconds ?? container.record.config.StopTimeout ?? defaultTimeoutSeconds;
  if (!(await hasExited(container, seconds))) {
    await sendSignal(engine, container, SIGKILL);
    await hasExited(container, -1);
  }
  tellStopped(engine, container);
  return true;
}

/** In the container's queue: after the events of its exit, which is being settled there. A kill tells no stop. */
function tellStopped(engine: Engine, container: Container): void {
  const tell = async (): Promise<void> => {
    engine.events.publish('container', 'stop', container.id, container.eventAttributes());
  };
  container.exclusively(tell).catch(() => {});
}

async function beginStop(
  engine: Engine,
  container: Container,
  options: StopOptions,
): Promise<'sent' | 'cancelled' | 'idle'> {
  if (container.status === 'restarting') {
    container.restart.send({ type: 'STOPPED' });
    container.move({ type: 'STOP' });
    container.stoppedByUser();
    return 'cancelled';
  }
  if (!container.isRunning) return 'idle';
  container.require('STOP');
  container.stoppedByUser();
  const signal = options.signal ? parseSignal(options.signal) : stopSignalOf(container);
  await sendSignal(engine, container, signal);
  return 'sent';
}

/** An image from elsewhere may name one that nobody knows: it is ended by SIGTERM then, as Docker does. @source moby container.StopSignal */
export function stopSignalOf({ record }: Container): number {
  try {
    return parseSignal(record.config.StopSignal || record.image.config.StopSignal || 'SIGTERM');
  } catch {
    return parseSignal('SIGTERM');
  }
}

/** To the first process. A paused container takes the signal when it goes on, so it is made to. */
export async function sendSignal(engine: Engine, container: Container, signal: number): Promise<void> {
  const containerId = container.id;
  await ignoreMissing(engine.containerd.tasks.kill({ containerId, execId: '', signal, all: false }));
  engine.events.publish('container', 'kill', containerId, container.eventAttributes({ signal: `${signal}` }));
  if (container.status === 'paused') await letGoOn(engine, containerId);
}

/**
 * SIGKILL ends a frozen process at once on some kernels: then there is nothing left to thaw, and the signal has done its work.
 * @source moby daemon/kill.go killWithSignal: "Cannot unpause container after kill" is a warning
 */
async function letGoOn(engine: Engine, containerId: string): Promise<void> {
  try {
    await ignoreMissing(engine.containerd.tasks.resume({ containerId }));
  } catch (thrown) {
    const error = asLabError(thrown);
    if (error.kind === 'unavailable') throw error;
    if (error.kind === 'conflict' || error.message.includes('must be paused')) return;
    process.emitWarning(`letting container ${containerId} go on after a signal: ${error.message}`);
  }
}

/** Waits for the exit, at most so many seconds (-1: as long as it takes). */
export async function hasExited(container: Container, seconds: number): Promise<boolean> {
  if (!container.isRunning) return true;
  const controller = new AbortController();
  const timer = seconds < 0 ? undefined : setTimeout(() => controller.abort(), timerMs(seconds * 1000));
  try {
    await once(container, 'exited', { signal: controller.signal });
    return true;
  } catch {
    return !container.isRunning;
  } finally {
    clearTimeout(timer);
  }
}
