import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../src/base/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { RegistryClient } from '../../src/registry/client.ts';
import { LayoutSource } from '../../src/registry/layout-source.ts';
import { type PullOptions, type PullProgress, pull } from '../../src/registry/pull.ts';
import type { ImageSource } from '../../src/registry/source.ts';
import { type FakeImage, fakeImage, type Interception, startFakeRegistry } from './fake-registry.ts';
import { MemoryContent } from './memory-content.ts';

const noWait = async () => undefined;
const amd64 = parsePlatform('linux/amd64');

async function pullFrom(host: string, more: Partial<PullOptions> = {}) {
  const content = (more.content as MemoryContent | undefined) ?? new MemoryContent();
  const client = { wait: noWait, credentials: async () => undefined, ...more.client };
  const reference = parseReference(`${host}/app`);
  const image = await pull({ reference, platform: amd64, ...more, content, client });
  return { image, content };
}

async function withRegistry<T>(
  image: FakeImage,
  intercept: Interception | undefined,
  body: (registry: Awaited<ReturnType<typeof startFakeRegistry>>) => Promise<T>,
): Promise<T> {
  await using registry = await startFakeRegistry(image, intercept);
  return await body(registry);
}

const kindOf = (kind: string, message: RegExp) => (error: unknown) =>
  error instanceof LabError && error.kind === kind && message.test(error.message);

const answer = (response: ServerResponse, status: number, headers: Record<string, string> = {}) => {
  response.writeHead(status, headers).end();
  return true;
};
const isBlobOf = (request: IncomingMessage, bytes: Buffer) =>
  request.url?.endsWith(`/blobs/${digestOf(bytes)}`) ?? false;

test('an image is pulled by way of its index: every document and layer is stored', async () => {
  const fake = fakeImage();
  await withRegistry(fake, undefined, async ({ host }) => {
    const { image, content } = await pullFrom(host);
    assert.deepEqual([...content.blobs.keys()].sort(), [...fake.blobs.keys()].sort());
    assert.equal(image.target.digest, digestOf(fake.index));
    assert.equal(image.manifest.digest, digestOf(fake.manifest));
    assert.deepEqual(image.config.config?.Cmd, ['sh']);
    assert.equal(image.layers[1]?.parentChainId, image.layers[0]?.chainId);
  });
});

test('labels keep what a document names from the garbage collector', async () => {
  const fake = fakeImage();
  await withRegistry(fake, undefined, async ({ host }) => {
    const { content } = await pullFrom(host);
    const labels = content.labels.get(digestOf(fake.manifest)) ?? {};
    assert.equal(labels['containerd.io/gc.ref.content.config'], digestOf(fake.config));
    assert.equal(labels['containerd.io/gc.ref.content.l.1'], digestOf(fake.layers[1] ?? ''));
    const indexLabels = content.labels.get(digestOf(fake.index)) ?? {};
    assert.equal(indexLabels['containerd.io/gc.ref.content.m.0'], digestOf(fake.manifest));
  });
});

test('layers are handed on from the bottom up, each when it is stored', async () => {
  const fake = fakeImage(['one', 'two', 'three', 'four', 'five']);
  const order: number[] = [];
  const content = new MemoryContent();
  await withRegistry(fake, undefined, async ({ host }) => {
    await pullFrom(host, {
      content,
      onLayer: async (layer) => {
        assert.ok(content.blobs.has(layer.descriptor.digest));
        order.push(layer.index);
      },
    });
  });
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test('a pull that fails has ended when it says so: nothing is unpacked any more', async () => {
  const fake = fakeImage();
  const begun = Promise.withResolvers<void>();
  let isUnpacking = false;
  const onLayer = async (_layer: unknown, signal: AbortSignal) => {
    isUnpacking = true;
    begun.resolve();
    await delay(60_000, undefined, { signal }).finally(() => (isUnpacking = false));
  };
  const refuse: Interception = (request, response) =>
    isBlobOf(request, fake.layers[1] ?? Buffer.alloc(0)) && !!begun.promise.then(() => answer(response, 404));
  await withRegistry(fake, refuse, ({ host }) =>
    assert.rejects(pullFrom(host, { onLayer }), kindOf('notFound', /404|not found/)),
  );
  assert.equal(isUnpacking, false);
});

test('a layer that is stored already is not fetched again', async () => {
  const fake = fakeImage();
  const [first = Buffer.alloc(0)] = fake.layers;
  const content = new MemoryContent();
  content.blobs.set(digestOf(first), first);
  const statuses: string[] = [];
  const progress = (one: PullProgress) =>
    one.kind === 'blob' && one.digest === digestOf(first) && statuses.push(one.status);
  await withRegistry(fake, undefined, async ({ host, asked }) => {
    await pullFrom(host, { content, progress });
    assert.equal(asked.filter((one) => one.url.includes(digestOf(first))).length, 0);
  });
  assert.deepEqual(statuses, ['waiting', 'exists']);
});

test('a connection that breaks in the middle of a layer is taken up where it stopped', async () => {
  const fake = fakeImage(['x'.repeat(100_000)]);
  const [layer = Buffer.alloc(0)] = fake.layers;
  let broken = 0;
  const breakOnce: Interception = (request, response) => {
    if (!isBlobOf(request, layer) || broken++ > 0) return false;
    response.writeHead(200, { 'content-length': layer.length });
    response.write(layer.subarray(0, 40_000), () => response.destroy());
    return true;
  };
  await withRegistry(fake, breakOnce, async ({ host, asked }) => {
    await pullFrom(host);
    assert.equal(asked.filter((one) => one.headers.range === 'bytes=40000-').length, 1);
  });
});

test('a server that knows no ranges is asked again from the start, and nothing is written twice', async () => {
  const fake = fakeImage(['y'.repeat(50_000)]);
  const [layer = Buffer.alloc(0)] = fake.layers;
  const content = new MemoryContent();
  content.partial.set(digestOf(layer), layer.subarray(0, 20_000));
  const ignoreRange: Interception = (request, response) => {
    if (!isBlobOf(request, layer)) return false;
    response.end(layer);
    return true;
  };
  await withRegistry(fake, ignoreRange, async ({ host }) => {
    await pullFrom(host, { content });
    assert.deepEqual(content.blobs.get(digestOf(layer)), layer);
  });
});

test('a layer whose bytes are others than its digest says is refused and thrown away', async () => {
  const fake = fakeImage();
  const [layer = Buffer.alloc(0)] = fake.layers;
  const content = new MemoryContent();
  const wrong: Interception = (request, response) => {
    if (!isBlobOf(request, layer)) return false;
    response.end(Buffer.alloc(layer.length, 'z'));
    return true;
  };
  await withRegistry(fake, wrong, async ({ host }) => {
    await assert.rejects(pullFrom(host, { content }), kindOf('dataLoss', /is wrong/));
    assert.equal(content.partial.has(digestOf(layer)), false);
  });
});

test('a layer that is longer than promised is refused before it fills the disk', async () => {
  const fake = fakeImage();
  const [layer = Buffer.alloc(0)] = fake.layers;
  const endless: Interception = (request, response) => {
    if (!isBlobOf(request, layer)) return false;
    response.end(Buffer.concat([layer, layer]));
    return true;
  };
  await withRegistry(fake, endless, async ({ host }) => {
    await assert.rejects(pullFrom(host), kindOf('dataLoss', /more than the 9 bytes/));
  });
});

test('a manifest whose bytes are others than the index says is refused', async () => {
  const fake = fakeImage();
  const other = fakeImage(['other']).manifest;
  const swap: Interception = (request, response) => {
    if (!request.url?.endsWith(digestOf(fake.manifest))) return false;
    response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
    response.end(other);
    return true;
  };
  await withRegistry(fake, swap, async ({ host }) => {
    await assert.rejects(pullFrom(host), kindOf('dataLoss', /digest is sha256:/));
  });
});

test('an image that the registry does not have is not found, in its own words', async () => {
  await withRegistry(fakeImage(), undefined, async ({ host }) => {
    const reference = parseReference(`${host}/app:other`);
    await assert.rejects(pullFrom(host, { reference }), kindOf('notFound', /app:other: not found: MANIFEST_UNKNOWN/));
  });
});

test('an image that is not for this platform says what it is for', async () => {
  await withRegistry(fakeImage(), undefined, async ({ host }) => {
    const platform = parsePlatform('linux/s390x');
    await assert.rejects(pullFrom(host, { platform }), kindOf('notFound', /for linux\/amd64, not for linux\/s390x/));
  });
});

test('a token is fetched from the realm that the registry names, with the credentials, and used', async () => {
  const fake = fakeImage();
  let host = '';
  const guarded: Interception = (request, response) => {
    if (request.url?.startsWith('/token')) {
      response.end(JSON.stringify({ token: 'good' }));
      return true;
    }
    if (request.headers.authorization === 'Bearer good') return false;
    const challenge = `Bearer realm="http://${host}/token",service="reg",scope="repository:app:pull"`;
    return answer(response, 401, { 'www-authenticate': challenge });
  };
  await withRegistry(fake, guarded, async (registry) => {
    host = registry.host;
    await pullFrom(host, { client: { wait: noWait, credentials: async () => ({ username: 'u', password: 'p:w' }) } });
    const tokens = registry.asked.filter((one) => one.url.startsWith('/token'));
    assert.equal(tokens.length, 1);
    assert.match(tokens[0]?.url ?? '', /service=reg&scope=repository%3Aapp%3Apull/);
    assert.equal(tokens[0]?.headers.authorization, `Basic ${Buffer.from('u:p:w').toString('base64')}`);
  });
});

test('a registry that wants a login says so', async () => {
  const basic: Interception = (_request, response) => answer(response, 401, { 'www-authenticate': 'Basic realm="x"' });
  await withRegistry(fakeImage(), basic, async ({ host }) => {
    await assert.rejects(pullFrom(host), kindOf('permissionDenied', /user name and a password/));
  });
});

test('what proves who we are does not follow a redirect to another host', async () => {
  const fake = fakeImage();
  const [layer = Buffer.alloc(0)] = fake.layers;
  await using elsewhere = await startFakeRegistry(fake);
  const away: Interception = (request, response) => {
    if (request.headers.authorization === undefined) {
      return answer(response, 401, { 'www-authenticate': 'Basic realm="x"' });
    }
    if (!isBlobOf(request, layer)) return false;
    return answer(response, 307, { location: `http://${elsewhere.host}${request.url}` });
  };
  await withRegistry(fake, away, async ({ host }) => {
    await pullFrom(host, { client: { wait: noWait, credentials: async () => ({ username: 'u', password: 'p' }) } });
    assert.equal(elsewhere.asked.length, 1);
    assert.equal(elsewhere.asked[0]?.headers.authorization, undefined);
  });
});

test('too many requests are waited out as the server says, then given up', async () => {
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  const busy: Interception = (_request, response) => answer(response, 429, { 'retry-after': '2' });
  await withRegistry(fakeImage(), busy, async ({ host, asked }) => {
    const sources = [
      new RegistryClient(
        { origin: new URL(`http://${host}`), verify: false, isMirror: false, credentialsOf: undefined },
        { wait },
      ),
    ];
    await assert.rejects(pullFrom(host, { sources }), kindOf('resourceExhausted', /too many requests/));
    assert.equal(asked.length, 4);
  });
  assert.deepEqual(waits, [2000, 2000, 2000]);
});

test('a server error is tried again', async () => {
  let failures = 2;
  const flaky: Interception = (_request, response) => failures-- > 0 && answer(response, 503);
  await withRegistry(fakeImage(), flaky, async ({ host }) => {
    assert.equal((await pullFrom(host)).image.layers.length, 2);
  });
});

test('a mirror that has not got the image lets the registry answer', async () => {
  const fake = fakeImage();
  await using empty = await startFakeRegistry(fake, (_request, response) => answer(response, 404));
  await withRegistry(fake, undefined, async ({ host, asked }) => {
    const endpoint = { verify: false, credentialsOf: undefined };
    const sources = [
      new RegistryClient({ ...endpoint, origin: new URL(`http://${empty.host}`), isMirror: true }, { wait: noWait }),
      new RegistryClient({ ...endpoint, origin: new URL(`http://${host}`), isMirror: false }, { wait: noWait }),
    ];
    const { image } = await pullFrom(host, { sources });
    assert.equal(image.source.name, host);
    assert.match(empty.asked[0]?.url ?? '', /ns=127/);
    assert.ok(asked.length > 0);
  });
});

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function writeLayout(directory: string, fake: FakeImage, name: string): Promise<void> {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(`${directory}/app/blobs/sha256`, { recursive: true });
  for (const [digest, bytes] of fake.blobs) await writeFile(`${directory}/app/blobs/sha256/${digest.slice(7)}`, bytes);
  await writeFile(`${directory}/app/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  const index = {
    digest: digestOf(fake.index),
    size: fake.index.length,
    mediaType: 'application/vnd.oci.image.index.v1+json',
  };
  const named = { ...index, annotations: { 'org.opencontainers.image.ref.name': name } };
  await writeFile(`${directory}/app/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
}

test('when the registry cannot be reached the library stands in, and says so in one line', async () => {
  const directory = await mkdtemp(`${tmpdir()}/tlab-test-`);
  try {
    const port = await closedPort();
    const reference = parseReference(`127.0.0.1:${port}/app`);
    await writeLayout(directory, fakeImage(), `127.0.0.1:${port}/app:latest`);
    const registry = new RegistryClient({
      origin: new URL(`http://127.0.0.1:${port}`),
      verify: false,
      isMirror: false,
      credentialsOf: undefined,
    });
    const sources: ImageSource[] = [registry, new LayoutSource(directory)];
    const { image } = await pullFrom('127.0.0.1', { reference, sources });
    assert.equal(image.source.kind, 'library');
    assert.match(
      image.notice ?? '',
      /cannot be reached: nothing listens there \(ECONNREFUSED\): using the offline library's/,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('with neither registry nor library the error says both, and what to do', async () => {
  const port = await closedPort();
  const reference = parseReference('nginx');
  const registry = new RegistryClient({
    origin: new URL(`http://127.0.0.1:${port}`),
    verify: false,
    isMirror: false,
    credentialsOf: undefined,
  });
  const sources: ImageSource[] = [registry, new LayoutSource('/nonexistent')];
  await assert.rejects(pullFrom('127.0.0.1', { reference, sources }), (error) => {
    assert.ok(error instanceof LabError);
    assert.equal(error.kind, 'notFound');
    assert.match(error.message, /cannot be reached.*, and the offline library has no/);
    assert.match(error.hint ?? '', /tlab library build nginx/);
    return true;
  });
});

test('the library does not stand in for a registry that says no', async () => {
  await withRegistry(
    fakeImage(),
    (_request, response) => answer(response, 404),
    async ({ host }) => {
      const registry = new RegistryClient({
        origin: new URL(`http://${host}`),
        verify: false,
        isMirror: false,
        credentialsOf: undefined,
      });
      const never: ImageSource = new LayoutSource('/nonexistent');
      never.resolve = () => assert.fail('the library was asked');
      await assert.rejects(pullFrom(host, { sources: [registry, never] }), kindOf('notFound', /not found/));
    },
  );
});

test('a host that accepts and then says nothing does not hold the pull for ever', async () => {
  const silent: Interception = () => true;
  await withRegistry(fakeImage(), silent, async ({ host }) => {
    const endpoint = { origin: new URL(`http://${host}`), verify: false, isMirror: false, credentialsOf: undefined };
    const sources = [new RegistryClient(endpoint, { idleTimeoutMs: 50 })];
    await assert.rejects(pullFrom(host, { sources }), kindOf('unavailable', /it stopped answering/));
  });
});

test('a pull that is cancelled stops', async () => {
  const cancel = new AbortController();
  const hang: Interception = () => {
    cancel.abort();
    return true;
  };
  await withRegistry(fakeImage(), hang, async ({ host }) => {
    await assert.rejects(pullFrom(host, { signal: cancel.signal }), kindOf('cancelled', /cancelled/));
  });
});
