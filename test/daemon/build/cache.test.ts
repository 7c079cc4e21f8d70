// The bound of the build cache, what a miss says of files, and a client that stops sending its context: without an engine.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asLabError, LabError } from '../../../src/base/errors.ts';
import { BuildCache } from '../../../src/daemon/build/cache/cache.ts';
import { CacheCollector, cacheRulesOf, type PruneRequest } from '../../../src/daemon/build/cache/collect.ts';
import { filesBetween } from '../../../src/daemon/build/cache/files.ts';
import { pruneCache } from '../../../src/daemon/build/cache/prune.ts';
import { loadRecords } from '../../../src/daemon/build/cache/record.ts';
import { heard } from '../../../src/daemon/build/context/heard.ts';
import { parseConfiguration } from '../../../src/daemon/configuration.ts';
import type { Engine } from '../../../src/daemon/engine.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { waitUntil } from '../../helpers/wait.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-cache-`);
after(() => rmSync(folder, { recursive: true }));

/** What a store answers that has everything; `used` are digests of layers that images are made of. */
function engineWith(cache: BuildCache, used: readonly string[] = []): Engine {
  const images = used.map((digest) => ({ manifest: { layers: [{ digest }] } }));
  const caches = { prune: async () => [] };
  return {
    builder: { cache, runMounts: { caches } },
    images: { describeAll: async () => images },
  } as unknown as Engine;
}

const nothing = async () => ({});
const services = {
  leases: { create: nothing, delete: nothing, addResource: nothing },
  content: { info: nothing },
  snapshots: { stat: nothing },
} as unknown as ConstructorParameters<typeof BuildCache>[1];

const layerOf = (name: string) => digestOf(`layer ${name}`);

/** Records a, b, c … of 100 bytes each, a the one that was used longest ago. */
async function filled(name: string, names: string): Promise<BuildCache> {
  const cache = new BuildCache(`${folder}/${name}`, services, 'overlayfs');
  for (const [index, each] of [...names].entries()) {
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip' as const;
    await cache.add({
      version: 1,
      key: digestOf(each),
      parts: { instruction: each },
      place: { text: `RUN ${each}`, stage: '0', index },
      created: '2026-01-01T00:00:00Z',
      layer: { descriptor: { mediaType, digest: layerOf(each), size: 100 }, diffId: digestOf(`diff ${each}`) },
      chainId: digestOf(`chain ${each}`),
      sizeBytes: 100,
      lastUsedMs: Date.now() - 3_600_000 * (names.length - index),
      uses: 0,
    });
  }
  return cache;
}
const left = (cache: BuildCache): string =>
  cache
    .all()
    .map(({ parts }) => parts.instruction)
    .sort()
    .join('');

test('the least recently used goes first, until the rest fits; what images are made of neither goes nor counts', async () => {
  const cache = await filled('lru', 'abcde');
  await pruneCache(engineWith(cache, [layerOf('a')]), { all: false, keepBytes: 200, filters: {} });
  assert.equal(left(cache), 'ade');
  assert.deepEqual(loadRecords(`${folder}/lru`).length, 3);
  await pruneCache(engineWith(cache, [layerOf('a')]), { all: true, keepBytes: 200, filters: {} });
  assert.equal(left(cache), 'de');
});

test('two records of one layer are its bytes once, and free them together', async () => {
  const cache = await filled('shared', 'abcd');
  const [a, b] = cache.all();
  assert.ok(a !== undefined && b?.layer !== undefined);
  await cache.add({ ...a, layer: b.layer });
  await pruneCache(engineWith(cache), { all: false, keepBytes: 200, filters: {} });
  assert.equal(left(cache), 'cd');
});

test('two builds that make the same step at once both keep it, under one lease', async () => {
  const held = new Map<string, string[]>();
  const later = <T>(work: () => T): Promise<T> => delay(1).then(work);
  const leases = {
    create: ({ id }: { id: string }) =>
      later(() => {
        if (held.has(id)) throw new LabError('alreadyExists', `lease "${id}": already exists`);
        held.set(id, []);
      }),
    delete: ({ id }: { id: string }) => later(() => void held.delete(id)),
    addResource: ({ id, resource }: { id: string; resource: { id: string } }) =>
      later(() => void held.get(id)?.push(resource.id)),
  };
  const cache = new BuildCache(`${folder}/twins`, { ...services, leases } as unknown as typeof services, 'overlayfs');
  const [record] = (await filled('twin', 'a')).all();
  assert.ok(record !== undefined);
  await Promise.all([cache.add(record), cache.add(record), cache.add(record)]);
  assert.deepEqual([...held.values()], [[record.layer?.descriptor.digest, record.chainId]]);
  assert.equal(left(cache), 'a');
});

test('until and unused-for take what was used before', async () => {
  const cache = await filled('until', 'abcd');
  await pruneCache(engineWith(cache), { all: false, keepBytes: 0, filters: { until: ['150m'] } });
  assert.equal(left(cache), 'cd');
  await pruneCache(engineWith(cache), { all: false, keepBytes: 0, filters: { 'unused-for': ['90m'] } });
  assert.equal(left(cache), 'd');
});

test("daemon.json bounds the cache with docker's keys; what is wrong there is named", async () => {
  const rules = (gc: object) => cacheRulesOf(parseConfiguration(JSON.stringify({ builder: { gc } }), 'daemon.json'));
  assert.deepEqual(rules({ defaultKeepStorage: '10GB' }), [{ all: false, keepBytes: 10 * 1024 ** 3, filters: {} }]);
  assert.deepEqual(rules({ defaultKeepStorage: 1000, policy: [{ filter: ['unused-for=48h'], all: true }] }), [
    { all: true, keepBytes: 1000, filters: { 'unused-for': ['48h'] } },
  ]);
  assert.equal(rules({ enabled: false }), undefined);
  assert.throws(
    () => rules({ defaultKeepStorage: 'much' }),
    /builder\.gc\.defaultKeepStorage: expected bytes, or a text such as "10GB"/,
  );
  assert.throws(() => rules({ keep: 1 }), /builder\.gc\.keep: unknown key/);
  assert.throws(() => rules({ policy: [{ filter: ['x=1'] }] }), /filter "x=1": expected until=…, unused-for=…, id=…/);
  const cache = await filled('collected', 'abc');
  const failures: Error[] = [];
  const collector = new CacheCollector([{ all: false, keepBytes: 100, filters: {} }], (error) => failures.push(error));
  const prune = (rule: PruneRequest) => pruneCache(engineWith(cache), rule);
  await Promise.all([collector.collect(prune), collector.collect(prune)]);
  assert.deepEqual([left(cache), failures], ['c', []]);
});

test('a miss names files that changed, came and went; their list goes with the record', async () => {
  const cache = await filled('files', '');
  const place = { text: 'COPY src /app', stage: '0', index: 0 };
  const files = new Map([
    ['src/app.js', '1'],
    ['src/same', '1'],
    ['src/old', '1'],
  ]);
  const parts = { instruction: 'COPY', sources: 'one' };
  const record = {
    version: 1 as const,
    parts,
    place,
    created: '2026-01-01T00:00:00Z',
    sizeBytes: 0,
    lastUsedMs: 1,
    uses: 0,
  };
  const found = await cache.find({ parts, place, lease: 'l', isWanted: true, files });
  await cache.add({ ...record, key: found.key });
  cache.keepFiles(found.key, files);
  const again = new BuildCache(`${folder}/files`, services, 'overlayfs');
  const now = new Map([
    ['src/app.js', '2'],
    ['src/same', '1'],
    ['src/new\nline', '1'],
  ]);
  const missed = await again.find({
    parts: { ...parts, sources: 'two' },
    place,
    lease: 'l',
    isWanted: true,
    files: now,
  });
  assert.deepEqual(missed.changes, [
    {
      part: 'sources',
      before: 'one',
      now: 'two',
      files: [
        { path: 'src/app.js', how: 'changed' },
        { path: 'src/new\nline', how: 'added' },
        { path: 'src/old', how: 'removed' },
      ],
    },
  ]);
  writeFileSync(`${folder}/files/${'0'.repeat(64)}.files`, 'of nobody');
  for (const one of new BuildCache(`${folder}/files`, services, 'overlayfs').all()) await again.remove(one);
  assert.deepEqual(readdirSync(`${folder}/files`), []);
  assert.deepEqual(filesBetween(files, files), []);
});

test('a client that stops in the middle of its context is given up; one whose bytes are read slowly is not', async () => {
  const outcomes: Array<Promise<string>> = [];
  const server = createServer((incoming, answer) => {
    outcomes.push(
      (async () => {
        let bytes = 0;
        try {
          for await (const chunk of heard(incoming, 100)) {
            bytes += chunk.length;
            if (incoming.url === '/slow') await delay(150);
          }
          return `${bytes > 0}`;
        } catch (error) {
          return `${asLabError(error).kind}: ${asLabError(error).message}`;
        } finally {
          answer.end();
        }
      })(),
    );
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const send = (path: string) =>
    request({ port, path, method: 'POST', host: '127.0.0.1' }).on('error', () => undefined);
  const silent = send('/silent');
  silent.write('half of a context');
  const slow = send('/slow');
  slow.end(Buffer.alloc(200_000));
  while (outcomes.length < 2) await delay(5);
  assert.deepEqual((await Promise.all(outcomes)).sort(), [
    'deadlineExceeded: build context: nothing came for 0.1 seconds',
    'true',
  ]);
  silent.destroy();
  server.close();
  server.closeAllConnections();
});

test('what a running build has found keeps its lease though it is pruned, until the build has ended', async () => {
  const cache = await filled('held', 'ab');
  const deleted: string[] = [];
  Object.assign(services.leases, {
    delete: async ({ id }: { id: string }) => {
      deleted.push(id);
      return {};
    },
  });
  cache.prepare([{ text: 'RUN a', startLine: 2 }], 'build');
  cache.prepare([{ text: 'RUN a', startLine: 2 }], 'second');
  cache.prepare([{ text: 'RUN b', startLine: 3 }], 'other');
  await pruneCache(engineWith(cache), { all: true, keepBytes: 0, filters: {} });
  assert.equal(left(cache), '');
  assert.deepEqual(deleted, []);
  await cache.release('build');
  assert.deepEqual(deleted, []);
  await cache.release('second');
  assert.deepEqual(deleted, [`tlab-build-cache-${digestOf('a').slice(7)}`]);
  await cache.release('other');
  assert.equal(deleted.length, 2);
});

test('that a step was found is written when the build has ended, unless it is gone by then', async () => {
  const own = `${folder}/uses`;
  const cache = new BuildCache(own, services, 'overlayfs');
  const look = (instruction: string) => {
    const place = { text: instruction, stage: '0', index: 1 };
    return cache.find({ parts: { instruction }, place, lease: 'l', isWanted: true });
  };
  for (const each of ['RUN kept', 'RUN removed']) {
    const { key } = await look(each);
    const place = { text: each, stage: '0', index: 1 };
    const common = { version: 1, created: '2026-01-01T00:00:00Z', sizeBytes: 1, lastUsedMs: 1, uses: 0 } as const;
    await cache.add({ ...common, key, parts: { instruction: each }, place });
  }
  for (const each of ['RUN kept', 'RUN removed', 'RUN kept']) assert.ok((await look(each)).record, each);
  assert.deepEqual(
    loadRecords(own).map(({ uses }) => uses),
    [0, 0],
  );
  const removed = cache.all().find(({ place }) => place.text === 'RUN removed');
  assert.ok(removed);
  await cache.remove(removed);
  await cache.release('l');
  await waitUntil(() => loadRecords(own)[0]?.uses === 2, { what: 'the use on disk' });
  const [kept, ...others] = loadRecords(own);
  assert.ok(kept && Date.now() - kept.lastUsedMs < 60_000);
  assert.deepEqual(others, []);
});
