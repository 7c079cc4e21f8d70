// GET /events: what has been, what comes, until the client goes or the time is over.
import type { ServerResponse } from 'node:http';
import { timerMs } from '../base/timers.ts';
import type { Engine } from './engine.ts';
import { type Filters, hasLabels, passes } from './filters.ts';
import type { EventMessage } from './protocol.ts';
import { wallClockNs } from './time.ts';

/** @source docker-api GET /events filters */
export const eventFilters = [
  'container',
  'image',
  'event',
  'type',
  'label',
  'network',
  'volume',
  'daemon',
  'scope',
  'service',
  'node',
  'secret',
  'config',
  'plugin',
];

export interface EventStreamOptions {
  filters: Filters;
  sinceNs: bigint | undefined;
  untilNs: bigint | undefined;
  signal: AbortSignal;
}

export async function streamEvents(
  engine: Engine,
  response: ServerResponse,
  options: EventStreamOptions,
): Promise<void> {
  const { filters, sinceNs, untilNs, signal } = options;
  const write = (message: EventMessage): void => {
    if (untilNs !== undefined && BigInt(message.timeNano) > untilNs) return;
    if (matches(message, filters)) response.write(`${JSON.stringify(message)}\n`);
  };
  if (sinceNs !== undefined) for (const message of engine.events.since(sinceNs)) write(message);
  const leftMs = untilNs === undefined ? undefined : Number((untilNs - wallClockNs()) / 1_000_000n);
  if (leftMs !== undefined && leftMs <= 0) return;
  engine.events.on('event', write);
  try {
    await over(signal, leftMs);
  } finally {
    engine.events.off('event', write);
  }
}

function over(signal: AbortSignal, leftMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = leftMs === undefined ? undefined : setTimeout(resolve, timerMs(leftMs));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function matches({ Type, Action, Actor }: EventMessage, filters: Filters): boolean {
  const names = (kind: EventMessage['Type']) => (value: string) =>
    Type === kind && (Actor.ID.startsWith(value) || Actor.Attributes.name === value);
  return (
    passes(filters, 'type', (value) => value === Type) &&
    passes(filters, 'event', (value) => Action === value || Action.startsWith(`${value}:`)) &&
    passes(filters, 'container', names('container')) &&
    passes(
      filters,
      'image',
      (value) =>
        (Type === 'image' && Actor.ID === value) || Actor.Attributes.image === value || Actor.Attributes.name === value,
    ) &&
    passes(filters, 'network', names('network')) &&
    passes(filters, 'volume', names('volume')) &&
    passes(filters, 'scope', (value) => value === 'local') &&
    hasLabels(filters, Actor.Attributes)
  );
}
