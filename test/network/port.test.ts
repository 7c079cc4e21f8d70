import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxRequest } from '../../src/daemon/network/networking.ts';
import { parseContainerPort, portSpecs, publishedPorts } from '../../src/daemon/network/port.ts';

const any = '0.0.0.0';
const request = (fields: Partial<SandboxRequest>): SandboxRequest => ({
  id: 'a'.repeat(64),
  hostname: 'web',
  networkMode: 'bridge',
  ...fields,
});

test('a binding becomes a spec with the field that asked for it', () => {
  assert.deepEqual(portSpecs(request({ portBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } }), any), [
    {
      protocol: 'tcp',
      containerPort: 80,
      hostIp: any,
      hostPorts: { first: 8080, last: 8080 },
      cause: 'api:/HostConfig/PortBindings/80~1tcp',
    },
  ]);
});

test('an empty host port means an ephemeral one, a range any of it, a host address only that one', () => {
  const specs = portSpecs(
    request({
      portBindings: { '53/udp': [{ HostPort: '' }, { HostIp: '127.0.0.1', HostPort: '8000-8010' }], '9': null },
    }),
    '10.1.1.1',
  );
  assert.deepEqual(
    specs.map(({ protocol, containerPort, hostIp, hostPorts }) => [protocol, containerPort, hostIp, hostPorts]),
    [
      // Keys that are whole numbers come first in every object.
      ['tcp', 9, '10.1.1.1', { first: 0, last: 0 }],
      ['udp', 53, '10.1.1.1', { first: 0, last: 0 }],
      ['udp', 53, '127.0.0.1', { first: 8000, last: 8010 }],
    ],
  );
});

test('publishing all ports adds those that have no binding yet', () => {
  const specs = portSpecs(
    request({
      publishAll: true,
      exposedPorts: ['80/tcp', '443/tcp'],
      portBindings: { '80/tcp': [{ HostPort: '8080' }] },
    }),
    any,
  );
  assert.deepEqual(
    specs.map((spec) => [spec.containerPort, spec.hostPorts.first, spec.cause]),
    [
      [80, 8080, 'api:/HostConfig/PortBindings/80~1tcp'],
      [443, 0, 'api:/HostConfig/PublishAllPorts'],
    ],
  );
});

test('exposed ports that are not published are null', () => {
  const mapping = {
    protocol: 'tcp',
    containerPort: 80,
    hostIp: any,
    hostPort: 8080,
    cause: 'api:/HostConfig/PortBindings',
  } as const;
  assert.deepEqual(publishedPorts(['80/tcp', '443'], [mapping]), {
    '80/tcp': [{ HostIp: any, HostPort: '8080' }],
    '443/tcp': null,
  });
});

test('what is no port is refused with what was expected', () => {
  for (const bad of ['0/tcp', '65536/tcp', '80/icmp', '80/tcp/udp', 'http', '-1', '', '8 0/tcp']) {
    assert.throws(() => parseContainerPort(bad), { kind: 'invalidArgument', message: /expected/ }, bad);
  }
  for (const HostPort of ['80x', '70000', '8010-8000', '1-2-3', '-', '80 ']) {
    const asked = request({ portBindings: { '80/tcp': [{ HostPort }] } });
    assert.throws(() => portSpecs(asked, any), { kind: 'invalidArgument' }, HostPort);
  }
});

test('a host address is IPv4; IPv6 is refused by name, a name is refused', () => {
  const bound = (HostIp: string) => () =>
    portSpecs(request({ portBindings: { '80/tcp': [{ HostIp, HostPort: '80' }] } }), any);
  assert.throws(bound('::1'), { kind: 'notImplemented' });
  assert.throws(bound('localhost'), { kind: 'invalidArgument' });
  assert.throws(bound('127.0.0.1 -j ACCEPT'), { kind: 'invalidArgument' });
});
