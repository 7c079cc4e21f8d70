// POST /containers/{id}/wait: resolves when the condition holds. Waiting is registered before this returns its promise.
import { once } from 'node:events';
import { LabError } from '../../base/errors.ts';
import type { WaitResponse } from '../protocol.ts';
import type { Container } from './container.ts';

/** @source docker-api POST /containers/{id}/wait condition */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export function parseCondition(text: string | undefined): WaitCondition {
  if (text === undefined || text === '') return 'not-running';
  if (text === 'not-running' || text === 'next-exit' || text === 'removed') return text;
  throw new LabError('invalidArgument', `invalid condition: "${text}": expected not-running, next-exit or removed`);
}

export function waitFor(container: Container, condition: WaitCondition, signal: AbortSignal): Promise<WaitResponse> {
  const isOver = condition === 'not-running' && !container.isRunning && container.status !== 'restarting';
  if (condition === 'removed') return removal(container, signal);
  const happened = isOver ? Promise.resolve() : once(container, 'exited', { signal });
  return happened.then(() => ({ StatusCode: container.record.lifecycle.exitCode }));
}

/** A removal that fails may never come: whoever waits for it is told why. @source moby container/state.go SetRemovalError */
async function removal(container: Container, signal: AbortSignal): Promise<WaitResponse> {
  const over = new AbortController();
  const options = { signal: AbortSignal.any([signal, over.signal]) };
  const kept = once(container, 'kept', options);
  const removed = once(container, 'removed', options).then((): string[] => []);
  kept.catch(() => {});
  removed.catch(() => {});
  try {
    const [reason] = (await Promise.race([removed, kept])) as string[];
    const StatusCode = container.record.lifecycle.exitCode;
    return reason === undefined ? { StatusCode } : { StatusCode, Error: { Message: reason } };
  } finally {
    over.abort();
  }
}
