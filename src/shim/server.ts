// A ttrpc server for unary services: the door by which shims send their events up to containerd.
// Rule: bytes that are not ttrpc end that connection and nothing else.
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import { asLabError, errorKinds, LabError } from '../base/errors.ts';
import { encodeFrame, type Frame, FrameReader, frameTypes } from './codec.ts';
import { type Request, RequestSchema, ResponseSchema } from './proto/gen/ttrpc_pb.ts';

export type TtrpcMetadata = Readonly<Record<string, string>>;
type Handler<M> = M extends { input: infer I extends DescMessage; output: infer O extends DescMessage }
  ? (request: MessageShape<I>, metadata: TtrpcMetadata) => MessageInitShape<O> | Promise<MessageInitShape<O>>
  : never;
type Implementation<T extends GenServiceMethods> = { [K in keyof T]: Handler<GenService<T>['method'][K]> };
type Untyped = (request: unknown, metadata: TtrpcMetadata) => unknown;

interface Route {
  method: DescMethod;
  handler: Untyped;
}

/** Serves one service at a unix socket, mode 0660. Release: close(). */
export async function serveTtrpc<T extends GenServiceMethods>(
  address: string,
  service: GenService<T>,
  implementation: Implementation<T>,
): Promise<Server> {
  const routes = routesOf(service as unknown as DescService, implementation as unknown as Record<string, Untyped>);
  const server = createServer((socket) => serve(socket, routes));
  rmSync(address, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  chmodSync(address, 0o660);
  return server;
}

function routesOf(service: DescService, implementation: Record<string, Untyped>): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const method of service.methods) {
    const handler = implementation[method.localName];
    if (handler !== undefined) routes.set(`${service.typeName}/${method.name}`, { method, handler });
  }
  return routes;
}

function serve(socket: Socket, routes: Map<string, Route>): void {
  const reader = new FrameReader();
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    try {
      for (const frame of reader.push(bytes)) void answer(socket, routes, frame);
    } catch {
      socket.destroy();
    }
  });
}

async function answer(socket: Socket, routes: Map<string, Route>, frame: Frame): Promise<void> {
  const response = await responseTo(routes, frame);
  if (socket.writable) {
    socket.write(
      encodeFrame({ streamId: frame.streamId, type: frameTypes.response, payload: toBinary(ResponseSchema, response) }),
    );
  }
}

async function responseTo(routes: Map<string, Route>, frame: Frame) {
  try {
    const request = fromBinary(RequestSchema, frame.payload);
    const { method, handler } = routeOf(routes, request);
    const metadata = Object.fromEntries(request.metadata.map(({ key, value }) => [key, value]));
    const output = await handler(fromBinary(method.input, request.payload), metadata);
    const payload = toBinary(method.output, create(method.output, output as MessageInitShape<DescMessage>));
    return create(ResponseSchema, { payload });
  } catch (thrown) {
    const error = asLabError(thrown);
    return create(ResponseSchema, { status: { code: errorKinds[error.kind].grpc, message: error.message } });
  }
}

function routeOf(routes: Map<string, Route>, request: Request): Route {
  const route = routes.get(`${request.service}/${request.method}`);
  if (route === undefined)
    throw new LabError('notImplemented', `/${request.service}/${request.method} is not served here`);
  return route;
}
