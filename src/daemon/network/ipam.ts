// Which subnet the bridge has and which address a container gets.
// Rule: a subnet never overlaps anything the host has a route to; an address is free as long as no sandbox's record has it.
import { LabError } from '../../base/errors.ts';
import { type Cidr, firstOf, formatAddress, formatNetwork, lastOf, overlaps, parseCidr } from './ipv4.ts';

/** Docker's default pools, in its order. @source dockerd default-address-pools */
const pools: readonly Cidr[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ address: 0xac110000 + index * 0x10000, prefixLength: 16 })),
  ...Array.from({ length: 16 }, (_, index) => ({ address: 0xc0a80000 + index * 0x1000, prefixLength: 20 })),
];

/** The bridge's own address with the prefix of its subnet: `bip`, or the first address of the first pool that is free. */
export function chooseBridgeAddress(bip: string | undefined, used: readonly Cidr[]): Cidr {
  if (bip !== undefined) return parseBridgeAddress(bip);
  const pool = pools.find((candidate) => !used.some((other) => overlaps(candidate, other)));
  if (pool !== undefined) return { address: pool.address + 1, prefixLength: pool.prefixLength };
  throw new LabError('resourceExhausted', 'bridge "tlab0": every default address pool overlaps a route of this host', {
    hint: 'choose a free subnet with "bip" in daemon.json, e.g. "10.201.0.1/16"',
  });
}

/** A `bip` of daemon.json. */
export function parseBridgeAddress(bip: string): Cidr {
  const cidr = parseCidr(bip);
  if (cidr === undefined || cidr.prefixLength < 8 || cidr.prefixLength > 30) {
    throw new LabError(
      'invalidArgument',
      `bip "${bip}": expected an address with a prefix of 8 to 30, e.g. 172.20.0.1/16`,
    );
  }
  if (cidr.address === firstOf(cidr) || cidr.address === lastOf(cidr)) {
    throw new LabError(
      'invalidArgument',
      `bip "${bip}": expected a host's address, it is the subnet's own or its broadcast`,
    );
  }
  return cidr;
}

/** The lowest address of the bridge's subnet that is neither reserved, the bridge's, nor taken. */
export function lowestFreeAddress(bridge: Cidr, taken: ReadonlySet<number>): number {
  for (let address = firstOf(bridge) + 1; address < lastOf(bridge); address++) {
    if (address !== bridge.address && !taken.has(address)) return address;
  }
  throw new LabError('resourceExhausted', `no free address in ${formatNetwork(bridge)}: ${taken.size} are in use`, {
    hint: 'remove containers, or give the bridge a larger subnet with "bip" in daemon.json',
    data: { bridge: formatAddress(bridge.address) },
  });
}
