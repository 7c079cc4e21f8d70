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
import { emit } from '../../trace/recorder.ts';
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
import { definitionOf, leaseKey, methodName, namespaceKey, toWireError, traceKey } from './wire.ts';

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
  options: { service: GenService<T>; implementation: ServiceImplementation<GenService<T>>; door: TraceDoor },
): void {
  const { service, implementation, door } = options;
  const definitions: Record<string, ReturnType<typeof definitionOf>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  for (const method of service.methods) {
    const handler = implementation[method.localName as keyof T] as unknown as Untyped;
    definitions[method.name] = definitionOf(method);
    handlers[method.name] = handlerOf(method, handler, door);
  }
  server.addService(definitions, handlers);
}

function handlerOf(method: DescMethod, handler: Untyped, door: TraceDoor): UntypedHandleCall {
  if (method.methodKind === 'unary') {
    return (call: ServerUnaryCall<Message, Message>, answer: Answer) => {
      void inDoor({ method, metadata: call.metadata, door }, async () => {
        try {
          received(method, call.request);
          const init = await handler(call.request, contextOf(call));
          const response = create(method.output, init as MessageInitShape<DescMessage>);
          answered(method, response);
          answer(null, response);
        } catch (error) {
          answer(refused(method, error));
        }
      });
    };
  }
  if (method.methodKind === 'server_streaming') {
    return (call: ServerWritableStream<Message, Message>) => {
      void inDoor({ method, metadata: call.metadata, door }, async () => {
        received(method, call.request);
        await pump(call, method, () => handler(call.request, contextOf(call)));
      });
    };
  }
  return (call: ServerDuplexStream<Message, Message>) => {
    void inDoor({ method, metadata: call.metadata, door }, async () => {
      received(method, undefined);
      await pump(call, method, () => handler(call, contextOf(call)));
    });
  };
}

interface DoorCall {
  method: DescMethod;
  metadata: Metadata;
  door: TraceDoor;
}

const inDoor = ({ metadata, door }: DoorCall, body: () => Promise<void>): Promise<void> =>
  door.run(text(metadata, traceKey), body);

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
async function pump(call: OutStream, method: DescMethod, run: () => unknown): Promise<void> {
  try {
    for await (const init of run() as AsyncIterable<MessageInitShape<DescMessage>>) {
      if (call.cancelled) return;
      if (!call.write(create(method.output, init))) await drained(call);
    }
    answered(method, undefined);
    call.end();
  } catch (error) {
    call.emit('error', refused(method, error));
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

function received(method: DescMethod, request: Message | undefined): void {
  emit('containerd.request-received', {
    data: { door: 'grpc', peer: 'client', method: methodName(method), body: redact(request) },
  });
}

function answered(method: DescMethod, response: Message | undefined): void {
  emit('containerd.response-sent', {
    data: { door: 'grpc', peer: 'client', method: methodName(method), status: 0, body: redact(response) },
  });
}

function refused(method: DescMethod, thrown: unknown) {
  const error = toWireError(thrown);
  emit('containerd.response-sent', {
    data: { door: 'grpc', peer: 'client', method: methodName(method), status: error.code, error: error.details },
  });
  return error;
}
