// A typed gRPC client for any protobuf service: unary calls are promises, streams are async iterables.
// Every call carries namespace and trace context and is emitted as the calling stage's request and response.
import {
  create,
  type DescMessage,
  type DescMethod,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import { childSpan } from '../../trace/context.ts';
import type { Stage } from '../../trace/events.ts';
import { emit } from '../../trace/recorder.ts';
import { redact } from '../../trace/redact.ts';
import { type Client, Metadata } from './library.ts';
import { definitionOf, fromWireError, leaseKey, methodName, namespaceKey, stageKey, traceKey } from './wire.ts';

export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Objects made by this call belong to this lease until it is deleted. */
  lease?: string;
}

/** An open call in both directions: send, `end()` when there is no more, iterate over the answers. */
export interface Duplex<I extends DescMessage, O extends DescMessage> extends AsyncIterable<MessageShape<O>> {
  /** Resolves when the message may leave memory: back-pressure. */
  send(message: MessageInitShape<I>): Promise<void>;
  end(): void;
  cancel(): void;
}

type Call<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends 'unary'
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : K extends 'server_streaming'
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : (options?: CallOptions) => Duplex<I, O>
  : never;

export type ServiceClient<S extends { method: object }> = { [K in keyof S['method']]: Call<S['method'][K]> };

export interface ClientContext {
  channel: Client;
  namespace: string;
  /** Whose requests these are in the trace. */
  stage: Extract<Stage, 'cli' | 'daemon' | 'containerd' | 'shim'>;
}

/** A typed client of one service over an open channel. */
export function serviceClient<T extends GenServiceMethods>(
  service: GenService<T>,
  context: ClientContext,
): ServiceClient<GenService<T>> {
  const calls: Record<string, unknown> = {};
  for (const method of service.methods) calls[method.localName] = callOf(method, context);
  return calls as ServiceClient<GenService<T>>;
}

function callOf(method: DescMethod, context: ClientContext): unknown {
  switch (method.methodKind) {
    case 'unary':
      return (request: Message, options: CallOptions = {}) => unary({ method, context, options }, request);
    case 'server_streaming':
      return (request: Message, options: CallOptions = {}) => serverStream({ method, context, options }, request);
    default:
      return (options: CallOptions = {}) => duplex({ method, context, options });
  }
}

interface OpenCall {
  method: DescMethod;
  context: ClientContext;
  options: CallOptions;
}

function unary(call: OpenCall, init: Message): Promise<Message> {
  const { method, context, options } = call;
  const request = create(method.input, init as MessageInitShape<DescMessage>);
  const door = openDoor(call, request);
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  return new Promise((resolve, reject) => {
    const running = context.channel.makeUnaryRequest<Message, Message>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      door.metadata,
      deadline(options),
      (error, response) => {
        if (error !== null) return reject(door.failed(error));
        if (response === undefined) return reject(door.failed(new Error(`${methodName(method)} answered nothing`)));
        door.answered(response);
        resolve(response);
      },
    );
    onAbort(options.signal, () => running.cancel());
  });
}

async function* serverStream(call: OpenCall, init: Message): AsyncGenerator<Message> {
  const { method, context, options } = call;
  const request = create(method.input, init as MessageInitShape<DescMessage>);
  const door = openDoor(call, request);
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  const stream = context.channel.makeServerStreamRequest<Message, Message>(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    door.metadata,
    deadline(options),
  );
  onAbort(options.signal, () => stream.cancel());
  yield* answersOf(stream, door);
}

function duplex(call: OpenCall): Duplex<DescMessage, DescMessage> {
  const { method, context, options } = call;
  const door = openDoor(call, undefined);
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  const stream = context.channel.makeBidiStreamRequest<Message, Message>(
    path,
    requestSerialize,
    responseDeserialize,
    door.metadata,
    deadline(options),
  );
  onAbort(options.signal, () => stream.cancel());
  // An error before anybody iterates must not be an unhandled event; the iterator reports it.
  stream.on('error', () => {});
  const answers = answersOf(stream, door);
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (stream.destroyed || stream.writableEnded) return resolve();
        stream.write(create(method.input, message), (error?: Error | null) => (error ? reject(error) : resolve()));
      }),
    end: () => stream.end(),
    cancel: () => stream.cancel(),
    [Symbol.asyncIterator]: () => answers,
  };
}

async function* answersOf(stream: AsyncIterable<Message> & { cancel(): void }, door: Door): AsyncGenerator<Message> {
  let isFinished = false;
  try {
    yield* stream;
    isFinished = true;
    door.answered(undefined);
  } catch (error) {
    isFinished = true;
    throw door.failed(error);
  } finally {
    if (!isFinished) stream.cancel();
  }
}

interface Door {
  metadata: Metadata;
  answered(response: Message | undefined): void;
  failed(error: unknown): Error;
}

/** Metadata for the call, and its two events. */
function openDoor({ method, context, options }: OpenCall, request: Message | undefined): Door {
  const metadata = new Metadata();
  metadata.set(namespaceKey, context.namespace);
  if (options.lease !== undefined) metadata.set(leaseKey, options.lease);
  const span = childSpan();
  const common = { door: 'grpc', peer: 'containerd', method: methodName(method) } as const;
  if (span !== undefined) {
    metadata.set(traceKey, span.traceparent);
    metadata.set(stageKey, context.stage);
    emit(`${context.stage}.request-sent`, {
      span: span.context.spanId,
      data: { ...common, parent: span.parent, body: redact(request) },
    });
  }
  return {
    metadata,
    answered(response) {
      if (span === undefined) return;
      const data = { ...common, status: 0, body: redact(response) };
      emit(`${context.stage}.response-received`, { span: span.context.spanId, data });
    },
    failed(error) {
      const failure = fromWireError(error);
      if (span !== undefined) {
        const status = Number((error as { code?: unknown }).code ?? 2);
        const data = { ...common, status, error: failure.message };
        emit(`${context.stage}.response-received`, { span: span.context.spanId, data });
      }
      return failure;
    },
  };
}

const deadline = (options: CallOptions): { deadline?: number } =>
  options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };

function onAbort(signal: AbortSignal | undefined, cancel: () => void): void {
  if (signal === undefined) return;
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
}
