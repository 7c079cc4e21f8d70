// Holding host ports, with real sockets on 127.0.0.1.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { HostPorts } from '../../src/daemon/network/host-ports.ts';
import type { PortSpec } from '../../src/daemon/network/port.ts';

const spec = (first: number, fields: Partial<PortSpec> = {}): PortSpec => ({
  protocol: 'tcp',
  containerPort: 80,
  hostIp: '127.0.0.1',
  hostPorts: { first, last: first },
  cause: 'api:/HostConfig/PortBindings',
  ...fields,
});

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => resolve(server));
  });
}

const portOf = (server: Server): number => {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = await listen(0);
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a held port is refused to others until it is released', async () => {
  const ports = new HostPorts();
  const mapping = await ports.hold(spec(await freePort()));
  await assert.rejects(listen(mapping.hostPort), { code: 'EADDRINUSE' });
  ports.release([mapping]);
  const server = await listen(mapping.hostPort);
  server.close();
});

test('a port of another container is refused in Docker’s words, also through another address', async () => {
  const ports = new HostPorts();
  const mapping = await ports.hold(spec(await freePort()));
  await assert.rejects(ports.hold(spec(mapping.hostPort)), {
    kind: 'conflict',
    message: `Bind for 127.0.0.1:${mapping.hostPort} failed: port is already allocated`,
  });
  await assert.rejects(ports.hold(spec(mapping.hostPort, { hostIp: '0.0.0.0' })), { message: /already allocated/ });
  ports.release([mapping]);
});

test('tcp and udp have ports of their own', async () => {
  const ports = new HostPorts();
  const port = await freePort();
  const held = [await ports.hold(spec(port)), await ports.hold(spec(port, { protocol: 'udp' }))];
  ports.release(held);
});

test('a port of another program is refused with its errno’s words', async () => {
  const server = await listen(0);
  const ports = new HostPorts();
  await assert.rejects(ports.hold(spec(portOf(server))), {
    kind: 'conflict',
    message: new RegExp(`^listen tcp4 127.0.0.1:${portOf(server)}: bind: address already in use`),
  });
  server.close();
});

test('a range gives its first free port', async () => {
  const server = await listen(0);
  const first = portOf(server);
  const ports = new HostPorts();
  const mapping = await ports.hold(spec(first, { hostPorts: { first, last: Math.min(first + 20, 65535) } }));
  assert.ok(mapping.hostPort > first);
  ports.release([mapping]);
  server.close();
});

test('two containers that want an ephemeral port at once get two', async () => {
  const ports = new HostPorts();
  const held = await Promise.all([ports.hold(spec(0)), ports.hold(spec(0)), ports.hold(spec(0))]);
  assert.equal(new Set(held.map((mapping) => mapping.hostPort)).size, 3);
  for (const mapping of held) assert.ok(mapping.hostPort >= 49153);
  ports.release(held);
});

test('of two containers that want one port at once, one gets it', async () => {
  const ports = new HostPorts();
  const port = await freePort();
  const outcomes = await Promise.allSettled([ports.hold(spec(port)), ports.hold(spec(port))]);
  assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ['fulfilled', 'rejected']);
  ports.release(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
});
