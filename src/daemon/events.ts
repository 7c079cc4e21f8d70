// What happens to the daemon's objects, as Docker tells it: kept for `since`, streamed to whoever listens.
import { EventEmitter } from 'node:events';
import type { EventMessage } from './protocol.ts';
import { wallClockNs } from './time.ts';

/** How many past events `since` can reach. @source docker daemon/events */
const keptEvents = 256;

export class EventHub extends EventEmitter<{ event: [EventMessage] }> {
  readonly #past: EventMessage[] = [];

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  publish(type: EventMessage['Type'], action: string, id: string, attributes: Record<string, string> = {}): void {
    const timeNano = wallClockNs();
    const message: EventMessage = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Number(timeNano / 1_000_000_000n),
      timeNano: Number(timeNano),
    };
    // The three fields that old clients read. @source docker-api GET /events, before version 1.22
    if (type === 'container') Object.assign(message, { status: action, id, from: attributes.image });
    if (type === 'image') Object.assign(message, { status: action, id });
    this.#past.push(message);
    if (this.#past.length > keptEvents) this.#past.shift();
    this.emit('event', message);
  }

  since(ns: bigint): EventMessage[] {
    return this.#past.filter((message) => BigInt(message.timeNano) >= ns);
  }
}
