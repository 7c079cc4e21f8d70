// The registry's own behaviour: what is left after kill -9, one cache for many, logins, faults on demand.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { LabError } from '../../../src/base/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { Credentials } from '../../../src/registry/credentials.ts';
import { login } from '../../../src/registry/login.ts';
import { pull } from '../../../src/registry/pull.ts';
import { push } from '../../../src/registry/push.ts';
import { parseFault } from '../../../src/registry/server/faults.ts';
import { startRegistry } from '../../../src/registry/server/server.ts';
import { parseUsers, Users } from '../../../src/registry/server/users.ts';
import { type OwnRegistry, startOwnRegistry } from '../../helpers/own-registry.ts';
import { must } from '../../helpers/shell.ts';
import { waitUntil } from '../../helpers/wait.ts';
import { Repository } from '../contract/client.ts';
import { fakeImage } from '../fake-registry.ts';
import { MemoryContent } from '../memory-content.ts';
import { memorySource } from '../memory-source.ts';

const amd64 = parsePlatform('linux/amd64');
const noWait = async () => undefined;
const quiet = {
  wait: noWait as (ms: number) => Promise<void>,
  credentials: async (): Promise<Credentials | undefined> => undefined,
};
const plain = (host: string) => ({
  origin: new URL(`http://${host}`),
  verify: false,
  isMirror: false,
  credentialsOf: host,
});

async function fill(host: string, name = 'team/app:1', layers?: string[], client = quiet) {
  const image = fakeImage(layers);
  const target = {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: digestOf(image.index),
    size: image.index.length,
  };
  await push({
    reference: parseReference(`${host}/${name}`),
    target: target as never,
    content: memorySource(image),
    client,
  });
  return image;
}
const fetchFrom = (host: string, { name = 'team/app:1', client = quiet, content = new MemoryContent() } = {}) =>
  pull({ reference: parseReference(`${host}/${name}`), platform: amd64, content, client });
const kindIs = (kind: string) => (error: unknown) => error instanceof LabError && error.kind === kind;

test('what is pushed survives kill -9, an upload goes on after it, and what was half written is swept', async () => {
  const root = mkdtempSync(`${tmpdir()}/tlab-kill-`);
  const program = new URL('./serve-for-kill.ts', import.meta.url).pathname;
  const serve = async () => {
    const child = spawn(process.execPath, [program, `${root}/storage`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await new Promise<string[]>((resolve) =>
      child.stdout.once('data', (data) => resolve([String(data).trim()])),
    );
    return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, child };
  };
  const kill = async ({ child }: Awaited<ReturnType<typeof serve>>) => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const first = await serve();
    await fill(first.host);
    const begun = await fetch(`${first.url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
    const path = begun.headers.get('location') ?? '';
    await fetch(`${first.url}${path}`, { method: 'PATCH', body: 'half of ' });
    writeFileSync(`${root}/storage/blobs/sha256/${'0'.repeat(64)}`, 'of no repository');
    writeFileSync(`${root}/storage/tmp/left`, 'half written');
    await kill(first);
    const second = await serve();
    assert.equal((await fetchFrom(second.host)).layers.length, 2);
    assert.equal(existsSync(`${root}/storage/blobs/sha256/${'0'.repeat(64)}`), false);
    assert.deepEqual(readdirSync(`${root}/storage/tmp`), []);
    const stand = await fetch(`${second.url}${path}`);
    assert.equal(stand.headers.get('range'), '0-7');
    const done = await fetch(`${second.url}${path}?digest=${digestOf('half of it')}`, { method: 'PUT', body: 'it' });
    assert.equal(done.status, 201);
    await kill(second);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('a second server on the same storage is refused', async () => {
  await using registry = await startOwnRegistry();
  const { storage } = registry;
  await assert.rejects(startOwnRegistry({ storage }), /another registry serves it/);
});

test('fifty pulls through the cache are one request for each blob, and all get every byte', async () => {
  await using upstream = await startOwnRegistry({ faults: [parseFault('slow=400k@*/blobs/*')] });
  await fill(upstream.host, 'team/app:1', ['a'.repeat(300_000), 'b'.repeat(200_000)]);
  upstream.asked.length = 0;
  await using cache = await startOwnRegistry({
    proxy: { endpoint: plain(upstream.host), believeMs: 60_000, client: quiet },
  });
  const images = await Promise.all(Array.from({ length: 50 }, () => fetchFrom(cache.host)));
  assert.equal(images.length, 50);
  const blobs = upstream.asked.filter((line) => line.includes('/blobs/'));
  assert.equal(blobs.length, new Set(blobs).size, blobs.join('\n'));
  assert.ok(upstream.asked.filter((line) => /^GET \S+\/manifests\/1 /.test(line)).length <= 1);
});

test('a tag is asked about again; a gone upstream leaves what is here; a gone tag is gone', async () => {
  const upstream = await startOwnRegistry();
  await fill(upstream.host);
  await using cache = await startOwnRegistry({
    proxy: { endpoint: plain(upstream.host), believeMs: 0, client: quiet },
  });
  const before = await fetchFrom(cache.host);
  const newer = await fill(upstream.host, 'team/app:1', ['newer']);
  assert.notEqual((await fetchFrom(cache.host)).target.digest, before.target.digest);
  await fetch(`${upstream.url}/v2/team/app/manifests/1`, { method: 'DELETE' });
  await assert.rejects(fetchFrom(cache.host), kindIs('notFound'));
  await fill(upstream.host, 'team/app:1', ['newer']);
  await fetchFrom(cache.host);
  await upstream.close();
  assert.equal((await fetchFrom(cache.host)).target.digest, digestOf(newer.index));
  const pushed = await fetch(`${cache.url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
  assert.equal(pushed.status, 405);
});

test('who refers to an image is asked of the upstream, also of one that has only the tag for it, and remembered', async () => {
  const upstream = await startOwnRegistry();
  const subject = await new Repository(upstream.url, 'team/app').pushed('subject');
  const sbom = await new Repository(upstream.url, 'team/app').pushed('sbom', {
    subject,
    artifactType: 'application/sbom',
  });
  const proxy = { endpoint: plain(upstream.host), believeMs: 0, client: quiet };
  await using cache = await startOwnRegistry({ proxy });
  const cached = new Repository(cache.url, 'team/app');
  const found = async (query = '') => (await cached.referrers(subject.digest, query)).map(({ digest }) => digest);
  assert.deepEqual(await found(), [sbom.digest]);
  assert.deepEqual(await found('?artifactType=application/other'), []);
  await upstream.close();
  assert.deepEqual(await found(), [sbom.digest]);
  const { port, close } = await withoutReferrers(subject.digest, [sbom]);
  await using second = await startOwnRegistry({ proxy: { ...proxy, endpoint: plain(`127.0.0.1:${port}`) } });
  const [one] = await new Repository(second.url, 'team/app').referrers(subject.digest);
  assert.equal(one?.digest, sbom.digest);
  await close();
});

/** A registry of before the referrers API: an index under a tag instead. */
async function withoutReferrers(digest: string, manifests: object[]) {
  const server = createServer((request, response) => {
    const isTag = request.url === `/v2/team/app/manifests/${digest.replace(':', '-')}`;
    if (!isTag) response.writeHead(request.url === '/v2/' ? 200 : 404).end();
    else response.end(JSON.stringify({ schemaVersion: 2, manifests }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  return { port: (server.address() as AddressInfo).port, close };
}

test('a cache keeps no more than it may: what was asked for least recently goes, and comes again', async () => {
  await using upstream = await startOwnRegistry();
  const source = new Repository(upstream.url, 'team/app');
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => source.blob(name.repeat(100_000))));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const proxy = { endpoint: plain(upstream.host), believeMs: 60_000, mostBytes: 250_000, client: quiet };
  await using cache = await startOwnRegistry({ proxy });
  const cached = new Repository(cache.url, 'team/app');
  const here = () => readdirSync(`${cache.storage}/blobs/sha256`).sort();
  const hex = (...blobs: Array<{ digest: string }>) => blobs.map(({ digest }) => digest.slice(7)).sort();
  for (const blob of [a, b, a]) {
    assert.equal((await cached.ask('GET', `blobs/${blob.digest}`)).status, 200);
    await waitUntil(() => here().includes(blob.digest.slice(7)), { what: 'the blob to be kept' });
  }
  assert.equal((await cached.ask('GET', `blobs/${c.digest}`)).text.length, 100_000);
  await waitUntil(() => here().length === 2, { what: 'the bound' });
  assert.deepEqual(here(), hex(a, c));
  assert.equal((await cached.ask('GET', `blobs/${b.digest}`)).text.length, 100_000);
});

test('a blob that arrives corrupt is never handed on whole, nor kept', async () => {
  await using upstream = await startOwnRegistry({ faults: [parseFault('corrupt,after=1,times=1@*/blobs/*')] });
  await fill(upstream.host);
  await using cache = await startOwnRegistry({
    proxy: { endpoint: plain(upstream.host), believeMs: 0, client: quiet },
  });
  const layer = digestOf('layer one');
  await fetch(`${upstream.url}/v2/team/app/blobs/${layer}`).then((answer) => answer.text());
  const answer = await fetch(`${cache.url}/v2/team/app/blobs/${layer}`)
    .then((response) => response.text())
    .catch(() => undefined);
  assert.equal(answer, undefined);
  const again = await fetch(`${cache.url}/v2/team/app/blobs/${layer}`);
  assert.equal(await again.text(), 'layer one');
});

test('users log in by basic or by token, and pull, push and refuse as they should', async () => {
  const root = mkdtempSync(`${tmpdir()}/tlab-users-`);
  try {
    const hash = await must('openssl', ['passwd', '-6', 'right']);
    writeFileSync(`${root}/users`, `# a class\nteacher:${hash}\n`);
    for (const scheme of ['basic', 'token'] as const) {
      const users = await Users.open(`${root}/users`);
      const access = { users, scheme, anonymous: ['pull' as const], isOpenHere: false, isReadOnly: false };
      await using registry = await startOwnRegistry({ access });
      const as = (username: string, password: string) => ({
        ...quiet,
        credentials: async () => ({ username, password }),
      });
      const teacher = as('teacher', 'right');
      await assert.rejects(fill(registry.host), kindIs('permissionDenied'));
      await assert.rejects(
        fill(registry.host, 'team/app:1', undefined, as('teacher', 'wrong')),
        kindIs('permissionDenied'),
      );
      await fill(registry.host, 'team/app:1', undefined, teacher);
      assert.equal((await fetchFrom(registry.host)).layers.length, 2);
      await login(registry.host, { client: teacher });
      for (const bad of [as('teacher', 'no'), as('nobody', 'right')]) {
        await assert.rejects(login(registry.host, { client: bad }), kindIs('permissionDenied'));
      }
      if (scheme === 'basic') continue;
      const { identityToken } = await login(registry.host, { client: teacher });
      const byToken = {
        ...quiet,
        credentials: async () => ({ username: '', password: '', identityToken: identityToken ?? '' }),
      };
      await fill(registry.host, 'team/other:1', undefined, byToken);
      const forged = await fetch(`${registry.url}/v2/`, { headers: { authorization: `Bearer ${identityToken}` } });
      assert.equal(forged.status, 401);
    }
    assert.throws(() => parseUsers('teacher:{SHA}abc', 'users'), /users:1: expected NAME:HASH with a bcrypt/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('a read-only registry takes no push', async () => {
  const access = { users: undefined, scheme: 'basic' as const, anonymous: ['pull' as const], isOpenHere: false };
  await using registry = await startOwnRegistry({ access: { ...access, isReadOnly: true } });
  await assert.rejects(fill(registry.host), kindIs('notImplemented'));
});

const serving = async (fault: string, body: (registry: OwnRegistry) => Promise<void>) => {
  await using registry = await startOwnRegistry({ faults: [parseFault(fault)] });
  await body(registry);
};

test('faults on demand: too many requests, with the headers that Docker Hub sends', () =>
  serving('429=2,window=60@*/manifests/*', async ({ url }) => {
    for (const left of ['1', '0']) {
      const answer = await fetch(`${url}/v2/team/app/manifests/1`);
      assert.deepEqual([answer.status, answer.headers.get('ratelimit-remaining')], [404, `${left};w=60`]);
    }
    const refused = await fetch(`${url}/v2/team/app/manifests/1`);
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal((await fetch(`${url}/v2/`)).status, 200);
  }));

test('faults on demand: our client goes on after a break, and refuses what is corrupt', async () => {
  await serving('break=1m@*/blobs/*', async ({ host, asked }) => {
    await fill(host, 'team/app:1', ['x'.repeat(5_000_000)]);
    await fetchFrom(host);
    assert.ok(
      asked.some((line) => line.includes('→ 206')),
      asked.join('\n'),
    );
  });
  await serving('corrupt@*/blobs/*', async ({ host }) => {
    await fill(host);
    await assert.rejects(fetchFrom(host), kindIs('dataLoss'));
  });
  await serving('length=10@*/blobs/*', async ({ host }) => {
    await fill(host);
    await assert.rejects(fetchFrom(host), (error) => error instanceof LabError);
  });
  await serving('status=503,times=1@*/manifests/*', async ({ host }) => {
    const waits: number[] = [];
    const client = { ...quiet, wait: async (ms: number) => void waits.push(ms) };
    await fill(host, 'team/app:1', undefined, client);
    await fetchFrom(host, { client });
    assert.equal(waits.length, 1);
  });
});

test('a fault that is none is refused with what would be one', () => {
  for (const text of ['burn', '429=x', 'slow=1k,never=1', 'status=1000', 'status=1k', 'status=7'])
    assert.throws(() => parseFault(text), /--fault .*expected KIND/);
});

test('more requests at a time than the limit are told to come back', async () => {
  await using registry = await startOwnRegistry({ limits: { requests: 8 }, faults: [parseFault('slow=10@*/blobs/*')] });
  await fill(registry.host);
  const path = `${registry.url}/v2/team/app/blobs/${digestOf('layer one')}`;
  const slow = await Promise.all(Array.from({ length: 8 }, () => fetch(path)));
  const refused = await fetch(`${registry.url}/v2/`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  await Promise.all(slow.map((answer) => answer.text()));
  await waitUntil(async () => (await fetch(`${registry.url}/v2/`)).status === 200, { what: 'a free place' });
});

test('a port that is taken is an error that says so', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const storage = mkdtempSync(`${tmpdir()}/tlab-port-`);
  try {
    const access = { users: undefined, scheme: 'basic' as const, anonymous: [], isOpenHere: false, isReadOnly: false };
    await assert.rejects(startRegistry({ address: '127.0.0.1', port, storage, access }), /EADDRINUSE/);
    // The storage was let go of.
    await (await startRegistry({ address: '127.0.0.1', port: 0, storage, access })).close();
  } finally {
    taken.close();
    rmSync(storage, { recursive: true, force: true });
  }
});

test('a client that goes away in the middle of an upload leaves its bytes for the next one', async () => {
  await using registry = await startOwnRegistry();
  const begun = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
  const path = begun.headers.get('location') ?? '';
  const stop = new AbortController();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('0123456789')),
  });
  const sending = fetch(`${registry.url}${path}`, {
    method: 'PATCH',
    body,
    duplex: 'half',
    signal: stop.signal,
  } as RequestInit);
  sending.catch(() => undefined);
  const data = `${registry.storage}/uploads/${path.split('/').at(-1)}/data`;
  const { statSync } = await import('node:fs');
  await waitUntil(() => statSync(data).size === 10, { what: 'the bytes' });
  // The stuck request is still there: who asks takes over.
  const stand = await fetch(`${registry.url}${path}`);
  assert.equal(stand.headers.get('range'), '0-9');
  stop.abort();
  const done = await fetch(`${registry.url}${path}?digest=${digestOf('0123456789ab')}`, { method: 'PUT', body: 'ab' });
  assert.equal(done.status, 201);
});
