import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from '../../src/daemon/network/ipv4.ts';
import type { PortMapping } from '../../src/daemon/network/port.ts';
import {
  baseRules,
  closedJump,
  containerRules,
  firstJumps,
  isOwnChain,
  isOwnJump,
  lastJumps,
  ownChains,
} from '../../src/daemon/network/rules.ts';

const bridge = parseCidr('172.17.0.1/16') ?? { address: 0, prefixLength: 0 };
const mapping = (fields: Partial<PortMapping> = {}): PortMapping => ({
  protocol: 'tcp',
  containerPort: 80,
  hostIp: '0.0.0.0',
  hostPort: 8080,
  cause: 'api:/HostConfig/PortBindings',
  ...fields,
});

test('a published port is a rewrite and a way through, for rewritten packets only', () => {
  const rules = containerRules({ ipAddress: '172.17.0.2', ports: [mapping()] });
  assert.deepEqual(
    rules.map(({ table, chain, rule }) => `${table} ${chain} ${rule}`),
    [
      'nat TLAB -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      'filter TLAB -d 172.17.0.2/32 ! -i tlab0 -o tlab0 -p tcp -m tcp --dport 80 -m conntrack --ctstate DNAT -j ACCEPT',
    ],
  );
});

test('a port published on one address is rewritten for that address only', () => {
  const [rewrite] = containerRules({
    ipAddress: '172.17.0.2',
    ports: [mapping({ hostIp: '127.0.0.1', protocol: 'udp' })],
  });
  assert.equal(rewrite?.rule, '-d 127.0.0.1/32 -p udp -m udp --dport 8080 -j DNAT --to-destination 172.17.0.2:80');
});

test('every rule that is not a jump stands in a chain of our own', () => {
  for (const rule of [...baseRules(bridge), ...containerRules({ ipAddress: '1.2.3.4', ports: [mapping()] })]) {
    assert.ok(
      ownChains.some((chain) => chain.table === rule.table && chain.chain === rule.chain),
      rule.rule,
    );
    assert.ok(isOwnChain(rule.chain));
    assert.ok(!isOwnJump(rule));
  }
});

test('jumps are known again, and nobody else’s are', () => {
  for (const jump of [...firstJumps(bridge), ...lastJumps, closedJump]) assert.ok(isOwnJump(jump), jump.rule);
  for (const [chain, rule] of [
    ['FORWARD', '-j DOCKER-USER'],
    ['FORWARD', '-j TLABX'],
    ['FORWARD', '-o tlab0 -j ACCEPT'],
    ['TLAB-FORWARD', '-o tlab0 -j TLAB'],
    ['INPUT', '-m comment --comment "-j TLAB" -j ACCEPT'],
  ] as const) {
    assert.ok(!isOwnJump({ table: 'filter', chain, rule }), rule);
  }
});

test('the host’s localhost is closed to the bridge before anything else sees a packet', () => {
  const raw = baseRules(bridge).filter((rule) => rule.table === 'raw' && rule.chain === 'TLAB');
  assert.deepEqual(
    raw.map((rule) => rule.rule),
    ['-d 127.0.0.0/8 -j DROP', '-s 127.0.0.0/8 -j DROP'],
  );
  assert.ok(firstJumps(bridge).some((rule) => rule.table === 'raw' && rule.chain === 'PREROUTING'));
});

test('what arrives from outside for 127.0.0.0/8 is never rewritten', () => {
  const [prerouting] = lastJumps.filter((rule) => rule.chain === 'PREROUTING');
  assert.match(prerouting?.rule ?? '', /^! -d 127\.0\.0\.0\/8 /);
});
