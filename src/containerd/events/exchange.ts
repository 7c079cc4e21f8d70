// Events of this stage and of its shims, to whoever subscribed. An event is a topic and a message; a subscriber that does not keep
// up is cut off rather than let grow without bound, and has to read the state again.
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { type Any, AnySchema, timestampNow } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import { type Filter, parseFilters } from '../metadata/filter.ts';
import { file_event_types } from '../proto/gen/event_types_pb.ts';
import { type Envelope, EnvelopeSchema } from '../proto/gen/events_pb.ts';
import { file_images } from '../proto/gen/images_pb.ts';

/** @source containerd events: Any without the type.googleapis.com prefix, as its Go clients expect */
export const anyOf = <S extends DescMessage>(schema: S, init: MessageInitShape<S>): Any =>
  create(AnySchema, { typeUrl: schema.typeName, value: toBinary(schema, create(schema, init)) });

const knownEvents = new Map(
  [...file_event_types.messages, ...file_images.messages].map((schema) => [schema.typeName as string, schema]),
);
const longestBacklog = 10_000;
const topicForm = /^(\/[A-Za-z0-9_-]+)+$/;

interface Subscriber {
  filter: Filter;
  queue: Envelope[];
  isOverrun: boolean;
  wake: () => void;
}

export class Exchange {
  readonly #subscribers = new Set<Subscriber>();
  /** Called for each event before subscribers see it. */
  readonly #listeners: Array<(envelope: Envelope) => void> = [];

  /** An event of this stage itself. */
  publish<S extends DescMessage>(event: {
    namespace: string;
    topic: string;
    schema: S;
    message: MessageInitShape<S>;
  }): void {
    const { namespace, topic, schema, message } = event;
    this.forward(
      create(EnvelopeSchema, { timestamp: timestampNow(), namespace, topic, event: anyOf(schema, message) }),
    );
  }

  /** An event that somebody else made. Errors: invalidArgument. */
  forward(envelope: Envelope): void {
    if (!topicForm.test(envelope.topic))
      throw new LabError('invalidArgument', `event topic "${envelope.topic}": expected /name/name`);
    if (envelope.namespace === '')
      throw new LabError('invalidArgument', `event ${envelope.topic}: namespace is required`);
    for (const listener of this.#listeners) listener(envelope);
    for (const subscriber of this.#subscribers) offer(subscriber, envelope);
  }

  onEvent(listener: (envelope: Envelope) => void): void {
    this.#listeners.push(listener);
  }

  /** Every event from now on that the filters select, until the signal aborts. Errors: resourceExhausted when the reader is too slow. */
  async *subscribe(filters: readonly string[], signal: AbortSignal): AsyncGenerator<Envelope> {
    const subscriber: Subscriber = { filter: parseFilters(filters), queue: [], isOverrun: false, wake: () => {} };
    this.#subscribers.add(subscriber);
    const wake = () => subscriber.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        yield* subscriber.queue.splice(0);
        if (subscriber.isOverrun)
          throw new LabError('resourceExhausted', `events: the subscriber is ${longestBacklog} events behind`);
        if (subscriber.queue.length === 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            subscriber.wake = resolve;
          });
        }
      }
    } finally {
      this.#subscribers.delete(subscriber);
      signal.removeEventListener('abort', wake);
    }
  }
}

function offer(subscriber: Subscriber, envelope: Envelope): void {
  if (subscriber.isOverrun || !subscriber.filter(envelopeFields(envelope))) return;
  subscriber.isOverrun = subscriber.queue.length >= longestBacklog;
  if (!subscriber.isOverrun) subscriber.queue.push(envelope);
  subscriber.wake();
}

/** `namespace`, `topic`, `event.<field>`. @source containerd events/events.go */
const envelopeFields =
  (envelope: Envelope) =>
  (path: readonly string[]): string | undefined => {
    if (path[0] === 'namespace') return envelope.namespace;
    if (path[0] === 'topic') return envelope.topic;
    return path[0] === 'event' ? eventField(envelope.event, path.slice(1)) : undefined;
  };

function eventField(event: Any | undefined, path: readonly string[]): string | undefined {
  const schema = knownEvents.get(event?.typeUrl.replace(/^.*\//, '') ?? '');
  if (event === undefined || schema === undefined) return undefined;
  let message = reflect(schema, fromBinary(schema, event.value));
  for (const [position, name] of path.entries()) {
    const field = message.desc.fields.find((candidate) => candidate.name === name);
    if (field?.fieldKind === 'scalar') return String(message.get(field));
    if (field?.fieldKind === 'map') return mapValue(message.get(field), path.slice(position + 1).join('.'));
    if (field?.fieldKind !== 'message') return undefined;
    message = message.get(field);
  }
  return undefined;
}

function mapValue(map: { get(key: string): unknown }, key: string): string | undefined {
  const value = map.get(key);
  return value === undefined ? undefined : String(value);
}
