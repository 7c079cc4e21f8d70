// The one import of grpc-js: a CommonJS package, taken apart here so that its named exports work unbundled and bundled alike.
import grpc from '@grpc/grpc-js';

export const { Client, Metadata, Server, credentials, ServerCredentials, status } = grpc;
export type Client = grpc.Client;
export type Metadata = grpc.Metadata;
export type Server = grpc.Server;
export type ServiceError = grpc.ServiceError;
export type ServerUnaryCall<I, O> = grpc.ServerUnaryCall<I, O>;
export type ServerWritableStream<I, O> = grpc.ServerWritableStream<I, O>;
export type ServerDuplexStream<I, O> = grpc.ServerDuplexStream<I, O>;
export type UntypedHandleCall = grpc.UntypedHandleCall;
export type sendUnaryData<O> = grpc.sendUnaryData<O>;
