import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseBridgeAddress, lowestFreeAddress, parseBridgeAddress } from '../../src/daemon/network/ipam.ts';
import {
  type Cidr,
  formatAddress,
  formatNetwork,
  macOf,
  overlaps,
  parseAddress,
  parseCidr,
} from '../../src/daemon/network/ipv4.ts';

const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed;
};
const chosen = (...used: string[]): string => {
  const address = chooseBridgeAddress(undefined, used.map(cidr));
  return `${formatAddress(address.address)}/${address.prefixLength}`;
};

test('the first pool is Docker’s, and the next one when the host uses it', () => {
  assert.equal(chosen(), '172.17.0.1/16');
  assert.equal(chosen('172.17.0.1/16'), '172.18.0.1/16');
  assert.equal(chosen('172.17.5.0/24', '172.18.255.255/32', '10.0.0.0/8'), '172.19.0.1/16');
});

test('a host that uses 172.16.0.0/12 gets a part of 192.168.0.0/16', () => {
  assert.equal(chosen('172.16.0.0/12'), '192.168.0.1/20');
  assert.equal(chosen('172.16.0.0/12', '192.168.0.0/24', '192.168.17.4/32'), '192.168.32.1/20');
});

test('a host that uses every pool is told how to choose one', () => {
  assert.throws(() => chosen('172.16.0.0/12', '192.168.0.0/16'), { kind: 'resourceExhausted', message: /overlaps/ });
});

test('bip is taken as it is and checked', () => {
  assert.equal(formatNetwork(parseBridgeAddress('10.5.6.7/24')), '10.5.6.0/24');
  for (const bad of [
    '10.5.6.7',
    '10.5.6.0/24',
    '10.5.6.255/24',
    '10.5.6.7/31',
    '10.5.6.7/33',
    '1.2.3.4/16/8',
    'x/16',
    '',
  ]) {
    assert.throws(() => parseBridgeAddress(bad), { kind: 'invalidArgument' }, bad);
  }
});

test('a container gets the lowest address that nobody has', () => {
  const bridge = cidr('172.17.0.1/16');
  const taken = new Set<number>();
  const next = (): string => {
    const address = lowestFreeAddress(bridge, taken);
    taken.add(address);
    return formatAddress(address);
  };
  assert.deepEqual([next(), next(), next()], ['172.17.0.2', '172.17.0.3', '172.17.0.4']);
  taken.delete(parseAddress('172.17.0.3') ?? 0);
  assert.equal(next(), '172.17.0.3');
});

test('neither the network’s nor the broadcast nor the bridge’s address is given, and a full network is said', () => {
  const bridge = cidr('10.0.0.2/30');
  const taken = new Set<number>();
  assert.equal(formatAddress(lowestFreeAddress(bridge, taken)), '10.0.0.1');
  taken.add(parseAddress('10.0.0.1') ?? 0);
  assert.throws(() => lowestFreeAddress(bridge, taken), { kind: 'resourceExhausted' });
});

test('a MAC address follows from the address', () => {
  assert.equal(macOf(parseAddress('172.17.0.2') ?? 0), '02:42:ac:11:00:02');
  assert.equal(macOf(parseAddress('192.168.255.10') ?? 0), '02:42:c0:a8:ff:0a');
});

test('networks overlap when one holds an address of the other', () => {
  assert.ok(overlaps(cidr('10.0.0.0/8'), cidr('10.9.8.7/32')));
  assert.ok(!overlaps(cidr('10.0.0.0/24'), cidr('10.0.1.0/24')));
  assert.ok(overlaps(cidr('240.0.0.0/4'), cidr('255.255.255.255/32')));
});

test('only addresses in dotted decimal are addresses', () => {
  for (const bad of ['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', '::1', '']) {
    assert.equal(parseAddress(bad), undefined, bad);
  }
});
