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
  const event = condition === 'removed' ? 'removed' : 'exited';
  const happened = isOver ? Promise.resolve() : once(container, event, { signal });
  return happened.then(() => ({ StatusCode: container.record.lifecycle.exitCode }));
}
