// How containerd calls a shim: the containerd.task.v2 service over ttrpc, each call with its trace context, emitted as request and response.
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { asLabError, errorKinds } from '../base/errors.ts';
import { childSpan } from '../trace/context.ts';
import { emit } from '../trace/recorder.ts';
import { redact } from '../trace/redact.ts';
import { TtrpcConnection } from './connection.ts';
import { Task } from './proto/gen/task_pb.ts';

export interface ShimCallOptions {
  /** 0: wait as long as it takes. 30 seconds unless told. */
  timeoutMs?: number;
}

type Call<M> = M extends { input: infer I extends DescMessage; output: infer O extends DescMessage }
  ? (request: MessageInitShape<I>, options?: ShimCallOptions) => Promise<MessageShape<O>>
  : never;

export type ShimTask = { [K in keyof (typeof Task)['method']]: Call<(typeof Task)['method'][K]> };

export interface ShimClient {
  readonly task: ShimTask;
  /** Called once when the shim is gone or has closed the connection. */
  onClose(listener: () => void): void;
  close(): void;
}

const defaultTimeoutMs = 30_000;

/** Connects to a shim at the address that its `start` printed. Errors: unavailable. Release: close(). */
export async function connectShim(address: string, namespace: string): Promise<ShimClient> {
  const connection = await TtrpcConnection.open(address);
  const task: Record<string, unknown> = {};
  for (const method of Task.methods) {
    task[method.localName] = (request: MessageInitShape<DescMessage>, options: ShimCallOptions = {}) =>
      call({ connection, method, namespace, timeoutMs: options.timeoutMs ?? defaultTimeoutMs }, request);
  }
  return {
    task: task as ShimTask,
    onClose: (listener) => connection.onClose(listener),
    close: () => connection.close(),
  };
}

interface MethodCall {
  connection: TtrpcConnection;
  method: DescMethod;
  namespace: string;
  timeoutMs: number;
}

async function call(target: MethodCall, init: MessageInitShape<DescMessage>): Promise<Message> {
  const { connection, method, namespace, timeoutMs } = target;
  const request = create(method.input, init);
  const span = childSpan();
  const metadata: Record<string, string> = { 'containerd-namespace-ttrpc': namespace };
  const common = { door: 'ttrpc', peer: 'shim', method: `${method.parent.typeName}/${method.name}` } as const;
  if (span !== undefined) {
    metadata.traceparent = span.traceparent;
    emit('containerd.request-sent', {
      span: span.context.spanId,
      data: { ...common, parent: span.parent, body: redact(request) },
    });
  }
  const answered = (outcome: { status: number; body?: unknown; error?: string }) => {
    if (span !== undefined)
      emit('containerd.response-received', { span: span.context.spanId, data: { ...common, ...outcome } });
  };
  try {
    const payload = toBinary(method.input, request);
    const bytes = await connection.call({
      service: method.parent.typeName,
      method: method.name,
      payload,
      metadata,
      timeoutMs,
    });
    const response = fromBinary(method.output, bytes);
    answered({ status: 0, ...(span && { body: redact(response) }) });
    return response;
  } catch (thrown) {
    const error = asLabError(thrown);
    answered({ status: errorKinds[error.kind].grpc, error: error.message });
    throw error;
  }
}
