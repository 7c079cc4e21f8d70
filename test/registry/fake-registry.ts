// A registry of one image in this process, for tests: says what a test tells it to say, and remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
}

export interface FakeImage {
  blobs: Map<Digest, Buffer>;
  index: Buffer;
  manifest: Buffer;
  config: Buffer;
  layers: Buffer[];
}

export function fakeImage(layerBytes: readonly string[] = ['layer one', 'layer two']): FakeImage {
  const layers = layerBytes.map((text) => Buffer.from(text));
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
  });
  const index = json({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [{ ...descriptor(manifestType, manifest), platform: { os: 'linux', architecture: 'amd64' } }],
  });
  const blobs = new Map([config, manifest, index, ...layers].map((bytes) => [digestOf(bytes), bytes]));
  return { blobs, index, manifest, config, layers };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });

/** Returns true when it has answered. */
export type Interception = (request: IncomingMessage, response: ServerResponse) => boolean;

export async function startFakeRegistry(image: FakeImage, intercept: Interception = () => false) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    if (!intercept(request, response)) serve(image, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(image: FakeImage, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, name] = /\/(manifests|blobs)\/([^?]+)/.exec(request.url ?? '') ?? [];
  const bytes = name === 'latest' ? image.index : image.blobs.get(name as Digest);
  if (bytes === undefined) {
    response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return;
  }
  const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const type = kind === 'blobs' ? 'application/octet-stream' : bytes === image.index ? indexType : manifestType;
  response.writeHead(offset > 0 ? 206 : 200, { 'content-type': type, 'content-length': bytes.length - offset });
  response.end(bytes.subarray(offset));
}
