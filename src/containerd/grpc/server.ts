// The gRPC door of the containerd stage: takes protobuf services and plain handler functions, and gives each call its namespace,
// its trace and an abort signal. No logic of its own; errors leave by the table of base/errors.ts.
import {
  create,
  type DescMessage,
  type DescMethod,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import { LabError } from '../../base/errors.ts';
import type { traceDoor } from '../../trace/recorder.ts';
import { emit, isTraced } from '../../trace/recorder.ts';
import { redact } from '../../trace/redact.ts';
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from './library.ts';
import { definitionOf, leaseKey, methodName, namespaceKey, stageKey, toWireError, traceKey } from './wire.ts';

export interface CallContext {
  /** The caller's namespace. Throws `conflict` (FailedPrecondition, as containerd has it) when there is none. */
  readonly namespace: string;
  /** The caller's namespace, or undefined: for services that work without. */
  readonly namespaceIfAny: string | undefined;
  readonly lease: string | undefined;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

type MaybePromise<T> = T | Promise<T>;
type Handler<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends 'unary'
    ? (request: MessageShape<I>, call: CallContext) => MaybePromise<MessageInitShape<O>>
    : K extends 'server_streaming'
      ? (
          request: MessageShape<I>,
          call: CallContext,
        ) => Iterable<MessageInitShape<O>> | AsyncIterable<MessageInitShape<O>>
      : (requests: AsyncIterable<MessageShape<I>>, call: CallContext) => AsyncIterable<MessageInitShape<O>>
  : never;

export type ServiceImplementation<S extends { method: object }> = { [K in keyof S['method']]: Handler<S['method'][K]> };

type TraceDoor = ReturnType<typeof traceDoor>;
// Inside the adapter messages have no static type: the descriptors give them theirs.
type Untyped = (request: unknown, call: CallContext) => unknown;
type Answer = sendUnaryData<Message>;

/** Adds one service to the server. */
export function addService<T extends GenServiceMethods>(
  server: Server,
  options: {
    service: GenService<T>;
    implementation: ServiceImplementation<GenService<T>>;
    door: TraceDoor;
    /** An error as it is told to the client. */
    told?: (error: unknown) => unknown;
  },
): void {
  const { service, implementation, door, told = (error) => error } = options;
  const definitions: Record<string, ReturnType<typeof definitionOf>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  for (const method of service.methods) {
    const handler = implementation[method.localName as keyof T] as unknown as Untyped;
    definitions[method.name] = definitionOf(method);
    handlers[method.name] = handlerOf(method, handler, { door, told });
  }
  server.addService(definitions, handlers);
}

function handlerOf(
  method: DescMethod,
  handler: Untyped,
  { door, told }: { door: TraceDoor; told: (error: unknown) => unknown },
): UntypedHandleCall {
  const inDoor = (metadata: Metadata, body: (messages: Messages) => Promise<void>): void => {
    void door.run(text(metadata, traceKey), () => body(messagesOf(method, metadata, told)));
  };
  if (method.methodKind === 'unary') {
    return (call: ServerUnaryCall<Message, Message>, answer: Answer) =>
      inDoor(call.metadata, (messages) => answerOne({ method, call, handler, messages }, answer));
  }
  if (method.methodKind === 'server_streaming') {
    return (call: ServerWritableStream<Message, Message>) =>
      inDoor(call.metadata, (messages) => {
        messages.received(call.request);
        return pump({ call, method, messages }, () => handler(call.request, contextOf(call)));
      });
  }
  return (call: ServerDuplexStream<Message, Message>) =>
    inDoor(call.metadata, (messages) => {
      messages.received(undefined);
      // A handler that stops reading must not destroy the stream: its answer still has to leave by it.
      const requests = call.iterator({ destroyOnReturn: false });
      return pump({ call, method, messages }, () => handler(requests, contextOf(call)));
    });
}

interface UnaryCall {
  method: DescMethod;
  call: ServerUnaryCall<Message, Message>;
  handler: Untyped;
  messages: Messages;
}

async function answerOne({ method, call, handler, messages }: UnaryCall, answer: Answer): Promise<void> {
  try {
    messages.received(call.request);
    const init = await handler(call.request, contextOf(call));
    const response = create(method.output, init as MessageInitShape<DescMessage>);
    messages.answered(response);
    answer(null, response);
  } catch (error) {
    answer(messages.refused(error));
  }
}

interface Listening {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}
/** What the two kinds of answering streams have in common. */
interface OutStream extends Listening {
  cancelled: boolean;
  metadata: Metadata;
  write(message: Message): boolean;
  end(): unknown;
  emit(event: 'error', error: unknown): unknown;
}

/** Writes what the handler yields, no faster than the client reads. */
async function pump(
  stream: { call: OutStream; method: DescMethod; messages: Messages },
  run: () => unknown,
): Promise<void> {
  const { call, method, messages } = stream;
  try {
    for await (const init of run() as AsyncIterable<MessageInitShape<DescMessage>>) {
      if (call.cancelled) return;
      if (!call.write(create(method.output, init))) await drained(call);
    }
    messages.answered(undefined);
    call.end();
  } catch (error) {
    call.emit('error', messages.refused(error));
  }
}

const drained = (call: OutStream): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    call.on('drain', done);
    call.on('cancelled', done);
  });

function contextOf(call: Pick<OutStream, 'metadata' | 'on'>): CallContext {
  const namespace = text(call.metadata, namespaceKey);
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort());
  return {
    get namespace() {
      if (namespace === undefined || namespace === '') throw new LabError('conflict', 'namespace is required');
      return namespace;
    },
    namespaceIfAny: namespace,
    lease: text(call.metadata, leaseKey),
    signal: abort.signal,
  };
}

const text = (metadata: Metadata, key: string): string | undefined => metadata.get(key)[0]?.toString();

/** The messages of one call in the trace. */
function messagesOf(method: DescMethod, metadata: Metadata, told: (error: unknown) => unknown) {
  const peer = text(metadata, stageKey) ?? 'client';
  const common = { door: 'grpc', peer, method: methodName(method) } as const;
  return {
    received(request: Message | undefined): void {
      if (isTraced()) emit('containerd.request-received', { data: { ...common, body: redact(request) } });
    },
    answered(response: Message | undefined): void {
      if (isTraced()) emit('containerd.response-sent', { data: { ...common, status: 0, body: redact(response) } });
    },
    refused(thrown: unknown) {
      const error = toWireError(told(thrown));
      emit('containerd.response-sent', { data: { ...common, status: error.code, error: error.details } });
      return error;
    },
  };
}
type Messages = ReturnType<typeof messagesOf>;
