import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { LabError } from '../../src/base/errors.ts';
import { TtrpcConnection } from '../../src/shim/connection.ts';
import { Events, ForwardRequestSchema } from '../../src/shim/proto/gen/forward_pb.ts';
import { serveTtrpc } from '../../src/shim/server.ts';

const service = 'containerd.services.events.ttrpc.v1.Events';
const call = (topic: string, timeoutMs = 2_000) => ({
  service,
  method: 'Forward',
  payload: toBinary(ForwardRequestSchema, create(ForwardRequestSchema, { envelope: { topic, namespace: 'n' } })),
  metadata: { traceparent: 'x' },
  timeoutMs,
});

/** A socket in a folder of its own, gone at the end. */
async function withSocket(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync('/tmp/tlab-ttrpc-');
  try {
    await body(`${folder}/s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('many calls share one connection and each gets its own answer', async () => {
  await withSocket(async (path) => {
    const seen: string[] = [];
    const server = await serveTtrpc(path, Events, {
      forward({ envelope }, metadata) {
        seen.push(`${envelope?.topic} ${metadata.traceparent}`);
        if (envelope?.topic === '/bad') throw new LabError('notFound', 'no such thing');
        return {};
      },
    });
    const client = await TtrpcConnection.open(`unix://${path}`);
    const outcomes = await Promise.allSettled([
      client.call(call('/a')),
      client.call(call('/bad')),
      client.call(call('/c')),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(seen, ['/a x', '/bad x', '/c x']);
    await assert.rejects(client.call(call('/bad')), { kind: 'notFound', message: 'no such thing' });
    await assert.rejects(client.call({ ...call('/a'), method: 'Nope' }), { kind: 'notImplemented' });
    client.close();
    server.close();
  });
});

test('when the peer goes, every waiting call fails at once with unavailable', async () => {
  await withSocket(async (path) => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const client = await TtrpcConnection.open(path);
    const closed = new Promise<void>((resolve) => client.onClose(resolve));
    await assert.rejects(client.call(call('/a', 0)), { kind: 'unavailable' });
    await closed;
    await assert.rejects(client.call(call('/a')), { kind: 'unavailable' });
    server.close();
  });
});

test('a call without an answer ends at its deadline, and the connection stays usable', async () => {
  await withSocket(async (path) => {
    const server = await serveTtrpc(path, Events, {
      forward: ({ envelope }) => (envelope?.topic === '/slow' ? new Promise(() => {}) : {}),
    });
    const client = await TtrpcConnection.open(path);
    await assert.rejects(client.call(call('/slow', 20)), { kind: 'deadlineExceeded' });
    await client.call(call('/quick'));
    client.close();
    server.close();
  });
});

test('garbage ends the connection that sent it and no other', async () => {
  await withSocket(async (path) => {
    const server = await serveTtrpc(path, Events, { forward: () => ({}) });
    const client = await TtrpcConnection.open(path);
    const garbage = connect({ path });
    const ended = new Promise<void>((resolve) => garbage.once('close', () => resolve()));
    garbage.on('error', () => {});
    garbage.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await ended;
    const answer = await client.call(call('/still-here'));
    assert.deepEqual(fromBinary(ForwardRequestSchema, answer).envelope, undefined);
    client.close();
    server.close();
  });
});

test('connecting where nobody listens is unavailable', async () => {
  await assert.rejects(TtrpcConnection.open('unix:///nonexistent/socket'), { kind: 'unavailable' });
});
