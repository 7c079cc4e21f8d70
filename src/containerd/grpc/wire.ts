// What both ends of the gRPC door share: how a protobuf service becomes paths and codecs, and how a LabError crosses the wire
// (status code and message as containerd's clients expect, kind, hint and data in the metadata for ours).
import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { ErrorKind, LabErrorOptions } from '../../base/errors.ts';
import { asLabError, errorKinds, kindOfGrpcCode, LabError } from '../../base/errors.ts';
import { Metadata } from './library.ts';

/** Largest message either end takes. @source containerd defaults: 16 MiB */
export const largestMessageBytes = 16 << 20;

/** Metadata keys. @source containerd namespaces/grpc.go; w3c trace-context */
export const namespaceKey = 'containerd-namespace';
export const leaseKey = 'containerd-lease';
export const traceKey = 'traceparent';
/** Which of our stages calls; foreign clients do not say. */
export const stageKey = 'tlab-stage';
const errorKey = 'tlab-error-bin';

/** `containerd.services.tasks.v1.Tasks/Create`: how traces name a method. */
export const methodName = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

const isClientStreaming = (method: DescMethod): boolean =>
  method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
const isServerStreaming = (method: DescMethod): boolean =>
  method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming';

/** grpc-js's description of one method. */
export function definitionOf(method: DescMethod) {
  return {
    path: `/${methodName(method)}`,
    requestStream: isClientStreaming(method),
    responseStream: isServerStreaming(method),
    requestSerialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (message: Message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

/** A thrown thing as grpc-js's servers want it. */
export function toWireError(thrown: unknown): { code: number; details: string; metadata: Metadata } {
  const error = asLabError(thrown);
  const metadata = new Metadata();
  const { kind, hint, data } = error;
  metadata.set(errorKey, Buffer.from(JSON.stringify({ kind, hint, data })));
  return { code: errorKinds[kind].grpc, details: error.message, metadata };
}

interface WireError {
  code?: unknown;
  details?: unknown;
  metadata?: unknown;
}

/** What grpc-js's client rejects with, as the LabError that the server threw (or one of the same meaning, from a real containerd). */
export function fromWireError(thrown: unknown): LabError {
  if (!(thrown instanceof Error)) return asLabError(thrown);
  const { code, details, metadata } = thrown as Error & WireError;
  if (typeof code !== 'number') return asLabError(thrown);
  const message = plain(typeof details === 'string' ? details : thrown.message);
  const carried = metadata instanceof Metadata ? parseCarried(metadata) : undefined;
  return new LabError(carried?.kind ?? kindOfGrpcCode(code), message, { cause: thrown, ...carried?.options });
}

/** What grpc-js says of a socket where nobody listens, without what it thinks of names. */
function plain(message: string): string {
  const reason = /^No connection established\. Last error: (?:Error: )?(.+?)\.? Resolution note:/.exec(message)?.[1];
  return reason === undefined ? message : `containerd does not answer: ${reason}`;
}

function parseCarried(metadata: Metadata): { kind: ErrorKind; options: LabErrorOptions } | undefined {
  const [bytes] = metadata.get(errorKey);
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    const { kind, hint, data } = JSON.parse(bytes.toString()) as Record<string, unknown>;
    if (typeof kind !== 'string' || !(kind in errorKinds)) return undefined;
    const options: LabErrorOptions = {};
    if (typeof hint === 'string') options.hint = hint;
    if (typeof data === 'object' && data !== null) options.data = data as Record<string, unknown>;
    return { kind: kind as ErrorKind, options };
  } catch {
    return undefined;
  }
}
