// Registries that lie, send elsewhere, never end or break off: what our client believes, and what it never gives away.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import type { Credentials } from '../../src/registry/credentials.ts';
import type { RegistryConfiguration } from '../../src/registry/hosts.ts';
import { pull } from '../../src/registry/pull.ts';
import { type PushProgress, push } from '../../src/registry/push.ts';
import { mayHaveCredentials } from '../../src/registry/realms.ts';
import { newTraceId, runWithTrace } from '../../src/trace/context.ts';
import type { PartEvent } from '../../src/trace/events.ts';
import { startOwnRegistry } from '../helpers/own-registry.ts';
import { type FakeImage, fakeImage, startFakeRegistry } from './fake-registry.ts';
import { MemoryContent } from './memory-content.ts';
import { memorySource } from './memory-source.ts';

const amd64 = parsePlatform('linux/amd64');
const noWait = async (): Promise<void> => undefined;
const user: Credentials = { username: 'somebody', password: 'p4ssw0rd' };
const as = (credentials: Credentials | undefined): ClientOptions => ({
  wait: noWait,
  credentials: async () => credentials,
});
const refused = (kind: string, message: RegExp) => (error: unknown) =>
  error instanceof LabError && error.kind === kind && message.test(`${error.message} ${error.hint ?? ''}`);

/** A server on 127.0.0.1; `requests` remembers what it got. */
async function serve(listener: RequestListener) {
  const requests: Array<{ url: string; method: string; headers: IncomingMessage['headers']; body: string }> = [];
  const server = createServer(async (request, response) => {
    let body = '';
    const { url = '', method = '', headers } = request;
    if (method === 'POST') for await (const chunk of request) body += chunk;
    requests.push({ url, method, headers, body });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const pullFrom = (host: string, client: ClientOptions = as(undefined), configuration: RegistryConfiguration = {}) =>
  pull({
    reference: parseReference(`${host}/app`),
    platform: amd64,
    content: new MemoryContent(),
    client,
    configuration,
  });
const secretsIn = (value: unknown): boolean => /p4ssw0rd|c29tZWJvZHk6cDRzc3cwcmQ|1d3nt1ty/.test(JSON.stringify(value));

const challenge = (response: ServerResponse, realm: string): boolean => {
  response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
  return true;
};

test('a realm on another host gets no password, unless the configuration names it', async () => {
  const image = fakeImage();
  await using realm = await serve((request, response) => {
    const isKnown = request.headers.authorization !== undefined;
    response.writeHead(isKnown ? 200 : 401).end(isKnown ? '{"token":"good"}' : '');
  });
  await using registry = await startFakeRegistry(image, (request, response) =>
    request.headers.authorization === 'Bearer good'
      ? false
      : challenge(response, `http://localhost:${realm.port}/token`),
  );
  await assert.rejects(
    pullFrom(registry.host, as(user)),
    refused('permissionDenied', /another host, .*registry-realms/),
  );
  assert.equal(secretsIn(realm.requests), false);
  await pullFrom(registry.host, as(user), { realms: [`localhost:${realm.port}`] });
  assert.equal(secretsIn(realm.requests), true);
});

test('the realms that may have the password are those of the same registered domain', () => {
  const may = (realm: string, registry: string): boolean =>
    mayHaveCredentials(new URL(`https://${realm}/`), {
      origin: new URL(`https://${registry}`),
      verify: true,
      isMirror: false,
      credentialsOf: registry,
    });
  for (const [realm, registry] of [
    ['auth.docker.io', 'registry-1.docker.io'],
    ['gitlab.com', 'registry.gitlab.com'],
    ['git.uni.ac.uk', 'reg.uni.ac.uk'],
    ['own.example:8443', 'own.example:5000'],
    ['10.0.0.1:1', '10.0.0.1:2'],
  ] as const)
    assert.equal(may(realm, registry), true, `${realm} ${registry}`);
  for (const [realm, registry] of [
    ['docker.io.evil.example', 'registry-1.docker.io'],
    ['evil.ac.uk', 'uni.ac.uk'],
    ['evil.co.uk', 'good.co.uk'],
    ['evil.github.io', 'good.github.io'],
    ['10.0.0.2', '10.0.0.1'],
    ['com', 'example.com'],
    ['localhost', 'registry'],
  ] as const)
    assert.equal(may(realm, registry), false, `${realm} ${registry}`);
});

test('an identity token in a form does not follow a redirect', async () => {
  await using thief = await serve((_request, response) => response.end('{"token":"x"}'));
  await using registry = await serve((request, response) => {
    if (request.url?.startsWith('/token'))
      response.writeHead(307, { location: `http://localhost:${thief.port}/` }).end();
    else challenge(response, `http://${request.headers.host}/token`);
  });
  const client = as({ username: '', password: '', identityToken: '1d3nt1ty' });
  await assert.rejects(pullFrom(registry.host, client), refused('permissionDenied', /redirects a POST to localhost/));
  assert.equal(thief.requests.length, 0);
  assert.equal(secretsIn(registry.requests), true);
});

const pushTo = (
  host: string,
  image: FakeImage,
  more: { client?: ClientOptions; chunkBytes?: number; progress?: (one: PushProgress) => void } = {},
) =>
  push({
    reference: parseReference(`${host}/team/app:1`),
    target: {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: digestOf(image.index),
      size: image.index.length,
    } as never,
    content: memorySource(image),
    client: as(undefined),
    ...more,
  });

test('an upload that is sent to another host goes there without the password', async () => {
  const image = fakeImage();
  await using storage = await serve((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(201).end());
  });
  await using registry = await serve((request, response) => {
    if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else if (request.method === 'HEAD') response.writeHead(404).end();
    else if (request.method === 'GET') response.end();
    else if (request.method === 'POST')
      response.writeHead(202, { location: `http://localhost:${storage.port}/up?sig=abc` }).end();
    else response.writeHead(201).end();
  });
  await pushTo(registry.host, image, { client: as(user) });
  assert.ok(storage.requests.length >= 3);
  assert.equal(secretsIn(storage.requests), false);
  assert.equal(secretsIn(registry.requests), true);
});

test('redirects in a circle, a manifest without end and one that is too large are given up', async () => {
  await using circle = await serve((request, response) =>
    response.writeHead(302, { location: request.url ?? '' }).end(),
  );
  await assert.rejects(pullFrom(circle.host), /more than 5 redirects/);
  await using endless = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
    const more = (): void => {
      if (!response.destroyed) response.write(Buffer.alloc(65_536, ' '), () => setImmediate(more));
    };
    more();
  });
  await assert.rejects(pullFrom(endless.host), refused('dataLoss', /more than 4194304 bytes/));
});

test('a length, a part or an offset other than what was asked for is refused before a byte is kept', async () => {
  const image = fakeImage();
  const [layer = Buffer.alloc(0)] = image.layers;
  const lies: Array<[status: number, headers: Record<string, string>, message: RegExp]> = [
    [200, { 'content-length': '1000000' }, /announces 1000000 bytes, more than the 9/],
    [206, { 'content-range': 'bytes 0-8/9', 'content-length': '9' }, /it sends a part/],
  ];
  for (const [status, headers, message] of lies) {
    await using registry = await startFakeRegistry(image, (request, response) => {
      if (!request.url?.endsWith(digestOf(layer))) return false;
      response.writeHead(status, headers).write(layer);
      return true;
    });
    await assert.rejects(pullFrom(registry.host), refused('dataLoss', message));
  }
  await using shifted = await startFakeRegistry(image, (request, response) => {
    if (!request.url?.endsWith(digestOf(layer))) return false;
    response.writeHead(206, { 'content-range': 'bytes 5-8/9', 'content-length': '4' }).end('xxxx');
    return true;
  });
  const content = new MemoryContent();
  content.partial.set(digestOf(layer), layer.subarray(0, 3));
  const reference = parseReference(`${shifted.host}/app`);
  await assert.rejects(
    pull({ reference, platform: amd64, content, client: as(undefined) }),
    refused('dataLoss', /sends bytes from 5 on, 3 was asked for/),
  );
});

test('too many requests: the limit and the time are told, a short time is waited, a long one is not', async () => {
  const image = fakeImage();
  let count = 0;
  const limit = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' };
  await using registry = await startFakeRegistry(image, (_request, response) => {
    if (count++ > 0) return false;
    response.writeHead(429, { ...limit, 'ratelimit-reset': '2' }).end();
    return true;
  });
  const waits: number[] = [];
  const notices: string[] = [];
  const client = {
    ...as(undefined),
    wait: async (ms: number) => void waits.push(ms),
    notice: (text: string) => notices.push(text),
  };
  await pullFrom(registry.host, client);
  assert.deepEqual(waits, [2000]);
  assert.match(notices[0] ?? '', /its limit is 100 each 21600 s, 0 left, again in 2 s.*trying again in 2.0 s/);
  await using hours = await serve((_request, response) =>
    response.writeHead(429, { ...limit, 'retry-after': '20000' }).end(),
  );
  await assert.rejects(pullFrom(hours.host, client), /again in 20000 s|429/);
  assert.equal(waits.length, 1);
});

/** A wire that breaks the connection once so many bytes of one request went through it. */
async function startBreakingWire(target: string, breakAfterBytes: number, times: number) {
  let left = times;
  const [, port] = target.split(':');
  const server = createTcpServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    let seen = 0;
    near.on('data', (chunk) => {
      seen += chunk.length;
      if (left > 0 && seen > breakAfterBytes) {
        left--;
        far.end(chunk);
        near.resetAndDestroy();
      } else far.write(chunk);
    });
    far.on('data', (chunk) => near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.end());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, [Symbol.asyncDispose]: async () => void server.close() };
}

for (const [form, chunkBytes] of [
  ['whole', 64 << 20],
  ['in parts', 1 << 20],
] as const) {
  test(`a broken upload that goes ${form} is taken up where the registry says that it stands`, async () => {
    const image = fakeImage(['z'.repeat(8_000_000)]);
    await using registry = await startOwnRegistry();
    await using wire = await startBreakingWire(registry.host, 3_500_000, 2);
    const statuses = new Set<string>();
    await pushTo(wire.host, image, { chunkBytes, progress: (one) => statuses.add(one.status) });
    assert.ok(statuses.has('resuming'));
    const [layer = Buffer.alloc(0)] = image.layers;
    const got = await fetch(`${registry.url}/v2/team/app/blobs/${digestOf(layer)}`);
    assert.equal(digestOf(Buffer.from(await got.arrayBuffer())), digestOf(layer));
    // Nothing was begun anew: one upload for each of the blobs.
    const begun = registry.asked.filter((line) => /^POST .*uploads\/ → 202/.test(line));
    assert.equal(begun.length, 2, registry.asked.join('\n'));
  });
}

test('a registry that forgot a broken upload gets a new one', async () => {
  const image = fakeImage(['f'.repeat(4_000_000)]);
  await using registry = await startOwnRegistry();
  let isForgotten = false;
  await using wire = await startBreakingWire(registry.host, 2_000_000, 1);
  const progress = async ({ status }: PushProgress) => {
    if (status !== 'resuming' || isForgotten) return;
    isForgotten = true;
    const open = registry.asked.flatMap((line) => /^PUT (\/v2\/\S+uploads\/[^?]+)/.exec(line)?.[1] ?? []);
    for (const path of new Set(open)) await fetch(`${registry.url}${path}`, { method: 'DELETE' });
  };
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 200));
  await pushTo(wire.host, image, { progress: (one) => void progress(one), client: { ...as(undefined), wait } });
  assert.ok(isForgotten);
  const [layer = Buffer.alloc(0)] = image.layers;
  assert.equal((await fetch(`${registry.url}/v2/team/app/blobs/${digestOf(layer)}`, { method: 'HEAD' })).status, 200);
});

test('every request is an event with its reason and its curl line, and no secret is in any', async () => {
  const image = fakeImage();
  await using storage = await serve((request, response) => {
    const bytes = [...image.blobs.values()].find((one) => request.url?.includes(digestOf(one)));
    response.end(bytes);
  });
  await using registry = await startFakeRegistry(image, (request, response) => {
    if (request.url?.startsWith('/token')) response.end('{"token":"s3cr3tt0k3n","expires_in":60}');
    else if (request.headers.authorization !== 'Bearer s3cr3tt0k3n')
      return challenge(response, `http://${request.headers.host}/token`);
    else if (!request.url?.includes('/blobs/')) return false;
    else
      response
        .writeHead(307, { location: `http://localhost:${storage.port}${request.url}?X-Amz-Signature=s1gn4tur3` })
        .end();
    return true;
  });
  const events: PartEvent[] = [];
  const context = { traceId: newTraceId(), spanId: '0'.repeat(16), sampled: true };
  await runWithTrace(context, { append: (event) => events.push(event) }, () => pullFrom(registry.host, as(user)));
  const all = events.filter((event) => event.type === 'containerd.registry-asked');
  // https first, where nobody answers in it.
  const requests = all.filter(({ data }) => (data as { error?: string }).error === undefined);
  assert.equal(all.length, requests.length + 1);
  assert.equal(requests.length, registry.asked.length + storage.requests.length);
  for (const { data, twin } of requests) {
    const { status, why, url } = data as { status: number; why: string; url: string };
    assert.ok(status >= 200 && why !== '' && url.startsWith('http://'), JSON.stringify(data));
    assert.match(twin ?? '', /^curl -sS /);
  }
  assert.ok(events.some((event) => event.type === 'containerd.registry-token-received'));
  assert.doesNotMatch(JSON.stringify(events), /p4ssw0rd|c29tZWJvZHk6cDRzc3cwcmQ|s3cr3tt0k3n|s1gn4tur3/);
});
