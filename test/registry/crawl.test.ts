// Registries that break off after a few bytes, again and again, or take none: a transfer that hardly moves is given up, one that moves goes on.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import { pull } from '../../src/registry/pull.ts';
import { push } from '../../src/registry/push.ts';
import { startOwnRegistry } from '../helpers/own-registry.ts';
import { type FakeImage, fakeImage, startFakeRegistry } from './fake-registry.ts';
import { MemoryContent } from './memory-content.ts';
import { memorySource } from './memory-source.ts';

const client: ClientOptions = { wait: async () => undefined, credentials: async () => undefined };
const layerBytes = 1_000_000;
/** Then the server is a good one: a client without a bound would come through. */
const mostTries = 100;

const big = (): FakeImage => fakeImage(['x'.repeat(layerBytes)]);
const layerOf = ({ layers: [layer = Buffer.alloc(0)] }: FakeImage): Buffer => layer;

/** Sends so many bytes of the layer, and closes. */
async function startCrawling(image: FakeImage, stepBytes: number) {
  const layer = layerOf(image);
  let tries = 0;
  const registry = await startFakeRegistry(image, (request, response) => {
    if (!request.url?.endsWith(`/blobs/${digestOf(layer)}`)) return false;
    if (++tries > mostTries) return false;
    crawl(request, response, { layer, stepBytes });
    return true;
  });
  return Object.assign(registry, { tries: () => tries });
}

function crawl(
  request: IncomingMessage,
  response: ServerResponse,
  { layer, stepBytes }: { layer: Buffer; stepBytes: number },
): void {
  const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${offset}-${layer.length - 1}/${layer.length}` };
  response.writeHead(offset > 0 ? 206 : 200, {
    ...(offset > 0 ? range : {}),
    'content-length': layer.length - offset,
  });
  const isRest = offset + stepBytes >= layer.length;
  response.write(layer.subarray(offset, offset + stepBytes), () => isRest || response.socket?.end());
}

const pullFrom = (host: string) =>
  pull({
    ...{ platform: parsePlatform('linux/amd64'), client, content: new MemoryContent() },
    reference: parseReference(`${host}/app`),
  });

const givenUp = (message: RegExp) => (error: unknown) =>
  error instanceof LabError && error.kind === 'unavailable' && message.test(error.message);

test('a registry that closes after each byte is given up, and the message says how little came', async () => {
  await using registry = await startCrawling(big(), 1);
  await assert.rejects(pullFrom(registry.host), givenUp(/; 5 connections brought 5 bytes, which is too few to go on$/));
  assert.equal(registry.tries(), 5);
});

test('one that closes after each hundred thousand is gone on with to the end', async () => {
  await using registry = await startCrawling(big(), 100_000);
  await pullFrom(registry.host);
  assert.equal(registry.tries(), 10);
});

test('a cache gives up an upstream that closes after each byte, and its client hears of it', async () => {
  const image = big();
  await using upstream = await startCrawling(image, 1);
  const endpoint = {
    ...{ origin: new URL(`http://${upstream.host}`), verify: false, isMirror: false },
    credentialsOf: undefined,
  };
  await using cache = await startOwnRegistry({ proxy: { endpoint, believeMs: 60_000, client } });
  const read = async () => (await fetch(`${cache.url}/v2/app/blobs/${digestOf(layerOf(image))}`)).arrayBuffer();
  await assert.rejects(read());
  assert.ok(upstream.tries() < mostTries, `${upstream.tries()} tries`);
});

for (const [what, keptBytes] of [
  ['none', 0],
  ['two', 2],
] as const) {
  test(`a registry that takes ${what} of the bytes of each part is given up`, async () => {
    const image = big();
    let has = 0;
    let parts = 0;
    await using registry = await startFakeRegistry(image, (request, response) => {
      request.resume();
      const range = { range: `0-${Math.max(has - 1, 0)}`, location: '/v2/app/blobs/uploads/one' };
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, range).end();
      else if (request.method === 'GET') response.writeHead(request.url === '/v2/' ? 200 : 204, range).end();
      else if (request.method === 'PUT') response.writeHead(201).end();
      else
        request.on('end', () => {
          const [, from = 0, to = 0] = (/^(\d+)-(\d+)$/.exec(request.headers['content-range'] ?? '') ?? []).map(Number);
          has = ++parts > mostTries ? to + 1 : from + keptBytes;
          response.writeHead(202, { ...range, range: `0-${Math.max(has - 1, 0)}` }).end();
        });
      return true;
    });
    const target = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(image.index) };
    const pushing = push({
      reference: parseReference(`${registry.host}/app`),
      target: { ...target, size: image.index.length } as never,
      content: memorySource(image),
      client,
      chunkBytes: 100_000,
    });
    await assert.rejects(pushing, givenUp(/it kept [02] of the 100000 bytes/));
    assert.equal(parts, 5);
  });
}
