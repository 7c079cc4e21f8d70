// The bridge tlab0: one link on the host, the gateway of every container on the default network.
// Order: route_localnet only after the rules that protect 127.0.0.0/8 are in place (see rules.ts).
import { readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { errnoOf } from '../../kernel/errors.ts';
import type { Address, Link, LinkReference, Network, Route } from '../../kernel/kernel.ts';
import { chooseBridgeAddress, parseBridgeAddress } from './ipam.ts';
import { type Cidr, formatAddress, macOf, overlaps, parseAddress, parseCidr } from './ipv4.ts';
import { bridgeName } from './rules.ts';

/** @source rfc 894: what Ethernet carries; Docker's default too. */
const ethernetMtuBytes = 1500;

export interface BridgeWish {
  bip: string | undefined;
  mtuBytes: number | undefined;
  /** The address that it had the last time. */
  remembered: string | undefined;
  /** True when containers are connected, so that the address must stay. */
  isInUse: boolean;
}

const cidrOf = (found: { address: string; prefixLength: number }): Cidr[] => {
  const address = parseAddress(found.address);
  return address === undefined ? [] : [{ address, prefixLength: found.prefixLength }];
};

/** Name servers may have no route of their own, and a bridge over one of them would cut the host off. */
function nameServers(): Cidr[] {
  try {
    const servers = readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\S+)/gm);
    return [...servers].flatMap((match) => cidrOf({ address: match[1] ?? '', prefixLength: 32 }));
  } catch {
    return [];
  }
}

function usedByHost(addresses: readonly Address[], routes: readonly Route[]): Cidr[] {
  const destinations = routes
    .filter((route) => route.prefixLength > 0)
    .map((route) => ({ address: route.destination, prefixLength: route.prefixLength }));
  return [...addresses, ...destinations].flatMap(cidrOf).concat(nameServers());
}

/** No larger than the link that leads out, or large packets get lost where ICMP is filtered. */
function mtuTowards(links: readonly Link[], routes: readonly Route[]): number {
  const way = routes.find((route) => route.prefixLength === 0)?.linkIndex;
  const mtu = links.find((link) => link.index === way)?.mtuBytes ?? ethernetMtuBytes;
  return Math.min(mtu, ethernetMtuBytes);
}

interface Seen {
  links: Link[];
  addresses: Address[];
  routes: Route[];
  bridge: Link | undefined;
}

async function look(host: Network): Promise<Seen> {
  const [links, addresses, routes] = await Promise.all([host.links.list(), host.addresses.list(), host.routes.list()]);
  const bridge = links.find((link) => link.name === bridgeName);
  if (bridge !== undefined && bridge.kind !== 'bridge') {
    throw new LabError('conflict', `link "${bridgeName}": it exists and is no bridge`, {
      hint: `rename or remove it: ip link delete ${bridgeName}`,
    });
  }
  return { links, addresses, routes, bridge };
}

function decideAddress(wish: BridgeWish, seen: Seen): Cidr {
  if (wish.bip !== undefined) return parseBridgeAddress(wish.bip);
  const others = (list: Seen): Cidr[] =>
    usedByHost(
      list.addresses.filter((address) => address.linkIndex !== seen.bridge?.index),
      list.routes.filter((route) => route.linkIndex !== seen.bridge?.index),
    );
  const used = others(seen);
  const remembered = wish.remembered === undefined ? undefined : parseCidr(wish.remembered);
  const isStillFree = remembered !== undefined && !used.some((other) => overlaps(remembered, other));
  return isStillFree ? remembered : chooseBridgeAddress(undefined, used);
}

async function addBridge(host: Network, address: Cidr, mtuBytes: number): Promise<LinkReference> {
  try {
    await host.links.addBridge(bridgeName, { macAddress: macOf(address.address), mtuBytes });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  const bridge = await host.links.find(bridgeName);
  if (bridge === undefined) throw new LabError('internal', `link "${bridgeName}": it vanished while it was set up`);
  return bridge;
}

/** Makes the bridge or adopts it; returns its address. Idempotent. */
export async function ensureBridge(host: Network, wish: BridgeWish): Promise<Cidr> {
  const seen = await look(host);
  const current = seen.addresses.find((address) => address.linkIndex === seen.bridge?.index);
  const [has] = current === undefined ? [] : cidrOf(current);
  // Containers hold addresses of the present subnet: another one waits until they are gone.
  if (has !== undefined && wish.isInUse && seen.bridge?.isUp === true) return has;
  const address = decideAddress(wish, seen);
  const isSame = has !== undefined && has.address === address.address && has.prefixLength === address.prefixLength;
  if (seen.bridge !== undefined && has !== undefined && !isSame) await host.links.remove(bridgeName);
  const mtuBytes = wish.mtuBytes ?? mtuTowards(seen.links, seen.routes);
  const bridge = isSame && seen.bridge !== undefined ? seen.bridge : await addBridge(host, address, mtuBytes);
  if (!isSame) {
    await host.addresses.add(bridge, { address: formatAddress(address.address), prefixLength: address.prefixLength });
  }
  await host.links.setUp(bridge);
  return address;
}
