import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { type ContainerdClient, connectContainerd } from '../../src/containerd/client.ts';
import { WriteAction } from '../../src/containerd/proto/gen/content_pb.ts';
import { serve } from '../../src/containerd/server.ts';
import { writeBlob } from '../../src/daemon/image/write.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { waitUntil } from '../helpers/wait.ts';
import { testStage } from './stores.ts';

/** A served stage and a client of it. */
async function withServer(body: (client: ContainerdClient, address: string) => Promise<void>): Promise<void> {
  using lab = await testStage();
  const server = await serve(lab.stage, `${lab.folder}/traces`);
  const client = connectContainerd({ address: `${lab.folder}/s`, namespace: 'test' });
  try {
    await body(client, `${lab.folder}/s`);
  } finally {
    client.close();
    await server.close();
  }
}

/** Where the ingest `r` stands, asked as a writer does. */
async function statOf(client: ContainerdClient): Promise<bigint> {
  const write = client.content.write();
  await write.send({ action: WriteAction.STAT, ref: 'r' });
  try {
    return (await write[Symbol.asyncIterator]().next()).value.offset;
  } finally {
    write.end();
  }
}

const spec = create(AnySchema, {
  typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
  value: Buffer.from('{}'),
});
const container = (id: string, labels: Record<string, string> = {}) => ({
  id,
  labels,
  spec,
  runtime: { name: 'io.containerd.tlab.v2' },
});

test('kind, message and data of an error cross the door', async () => {
  await withServer(async (client) => {
    await assert.rejects(client.containers.get({ id: 'web' }), {
      kind: 'notFound',
      message: 'container "web" in namespace "test": not found',
    });
    await assert.rejects(client.tasks.get({ containerId: 'web' }), { kind: 'notFound' });
    await assert.rejects(client.inNamespace('').containers.list({}), { kind: 'conflict' });
    await assert.rejects(client.diff.diff({ mediaType: 'text/plain' }), { kind: 'notImplemented' });
  });
});

test('containers are listed by filters, changed by field masks, and gone once deleted', async () => {
  await withServer(async (client) => {
    await client.containers.create({ container: container('a', { tier: 'front' }) });
    await client.containers.create({ container: container('b') });
    await assert.rejects(client.containers.create({ container: container('a') }), { kind: 'alreadyExists' });
    for (const id of ['../evil', 'a/b', '', 'x'.repeat(100)]) {
      await assert.rejects(client.containers.create({ container: container(id) }), { kind: 'invalidArgument' });
    }
    const { containers } = await client.containers.list({ filters: ['labels.tier==front'] });
    assert.deepEqual(
      containers.map(({ id }) => id),
      ['a'],
    );
    const update = { container: container('a', { tier: 'back', other: 'x' }), updateMask: { paths: ['labels.tier'] } };
    assert.deepEqual((await client.containers.update(update)).container?.labels, { tier: 'back' });
    await client.containers.delete({ id: 'a' });
    assert.equal((await client.containers.list({})).containers.length, 1);
    assert.equal((await client.inNamespace('other').containers.list({})).containers.length, 0);
  });
});

test('a blob is written in pieces, its standing is answered, and it is read back', async () => {
  await withServer(async (client) => {
    const text = 'x'.repeat(3_000_000);
    const write = client.content.write();
    const answers = write[Symbol.asyncIterator]();
    await write.send({ action: WriteAction.STAT, ref: 'r', expected: digestOf(text), total: BigInt(text.length) });
    assert.equal((await answers.next()).value.offset, 0n);
    await write.send({ action: WriteAction.WRITE, data: Buffer.from(text.slice(0, 2_000_000)) });
    assert.equal((await answers.next()).value.offset, 2_000_000n);
    const status = (await client.content.listStatuses({})).statuses[0];
    assert.deepEqual([status?.ref, status?.offset, status?.total], ['r', 2_000_000n, 3_000_000n]);
    await write.send({
      action: WriteAction.COMMIT,
      offset: 2_000_000n,
      data: Buffer.from(text.slice(2_000_000)),
      labels: { a: 'b' },
    });
    assert.equal((await answers.next()).value.digest, digestOf(text));
    write.end();
    let read = '';
    for await (const { data } of client.content.read({ digest: digestOf(text) })) read += Buffer.from(data).toString();
    assert.equal(digestOf(read), digestOf(text));
  });
});

test('a client that goes away in the middle of a blob leaves it to go on later', async () => {
  await withServer(async (client) => {
    const first = client.content.write();
    const answers = first[Symbol.asyncIterator]();
    await first.send({ action: WriteAction.WRITE, ref: 'r', data: Buffer.from('12345') });
    await answers.next();
    first.cancel();
    await assert.rejects(answers.next());
    // The server lets go of the reference as soon as it knows.
    const standing = await waitUntil(() => statOf(client).catch(() => undefined), { what: 'the reference to be free' });
    assert.equal(standing, 5n);
  });
});

test('subscribers see the events that their filters select', async () => {
  await withServer(async (client) => {
    const stop = new AbortController();
    const events = client.events
      .subscribe({ filters: ['topic~=/containers/,event.id==b'] }, { signal: stop.signal })
      [Symbol.asyncIterator]();
    const first = events.next();
    await client.version.version({});
    for (const id of ['a', 'b']) await client.containers.create({ container: container(id) });
    const { value } = await first;
    assert.deepEqual(
      [value.namespace, value.topic, value.event?.typeUrl],
      ['test', '/containers/create', 'containerd.events.ContainerCreate'],
    );
    stop.abort();
    await assert.rejects(events.next(), { kind: 'cancelled' });
  });
});

test('garbage on the socket harms nobody', async () => {
  await withServer(async (client, address) => {
    for (const path of [address, `${address}.ttrpc`]) {
      const socket = connect({ path });
      socket.on('error', () => {}).resume();
      socket.end(Buffer.alloc(70_000, 0xff));
      await new Promise((resolve) => socket.once('close', resolve));
    }
    assert.match((await client.version.version({})).version, /tlab/);
  });
});

test('a blob that is there already is held by the lease of whoever would have written it', async () => {
  await withServer(async (client) => {
    const bytes = Buffer.from('shared');
    const digest = digestOf(bytes);
    await client.leases.create({ id: 'first' });
    await writeBlob(client, { bytes, labels: {}, lease: 'first' });
    for (const [id, namespace] of [
      ['same', 'test'],
      ['other', 'another'],
    ] as const) {
      const own = client.inNamespace(namespace);
      await own.leases.create({ id });
      const write = own.content.write({ lease: id });
      await write.send({ action: WriteAction.COMMIT, ref: id, total: 6n, expected: digest, data: bytes });
      await assert.rejects(write[Symbol.asyncIterator]().next(), { kind: 'alreadyExists' });
      assert.deepEqual(
        (await own.leases.listResources({ id })).resources.map((held) => held.id),
        [digest],
        `the lease in namespace ${namespace}`,
      );
    }
  });
});

test('the same document is written by many at once', async () => {
  await withServer(async (client) => {
    const bytes = Buffer.from('{"same":"config"}');
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await client.leases.create({ id });
    const digests = await Promise.all(
      ids.map((lease) => writeBlob(client, { bytes, labels: { [`io.tlab/${lease}`]: 'x' }, lease })),
    );
    assert.deepEqual(new Set(digests), new Set([digestOf(bytes)]));
    const { info } = await client.content.info({ digest: digestOf(bytes) });
    assert.deepEqual(Object.keys(info?.labels ?? {}).sort(), ['io.tlab/a', 'io.tlab/b', 'io.tlab/c', 'io.tlab/d']);
    for (const id of ids)
      assert.deepEqual(
        (await client.leases.listResources({ id })).resources.map((held) => held.id),
        [digestOf(bytes)],
      );
  });
});

test('a layer is applied to what may be written, and to no view of what is committed', async () => {
  await withServer(async (client) => {
    await client.leases.create({ id: 'l' });
    const digest = await writeBlob(client, { bytes: Buffer.from('layer'), labels: {}, lease: 'l' });
    const where = { snapshotter: 'overlayfs' };
    await client.snapshots.prepare({ ...where, key: 'a', parent: '' });
    await client.snapshots.commit({ ...where, key: 'a', name: 'base' });
    const { mounts } = await client.snapshots.view({ ...where, key: 'v', parent: 'base' });
    await assert.rejects(client.diff.apply({ diff: { digest, size: 5n, mediaType: 'x' }, mounts }), {
      kind: 'invalidArgument',
      message: 'applying a layer: expected the mounts of one active snapshot',
    });
  });
});
