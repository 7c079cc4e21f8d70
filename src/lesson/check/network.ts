// Probes of links and routes: asked from the kernel over rtnetlink, in the own network namespace or in a container's.
import type { Link, Network, Route } from '../../kernel/kernel.ts';
import { CannotTell, type Facts } from './verdict.ts';

/** A namespace's network, looked at and left. */
async function inNetwork<Result>(
  pid: number | undefined,
  look: (network: Network) => Promise<Result>,
): Promise<Result> {
  const { openRealKernel } = await import('../../kernel/real/kernel.ts');
  try {
    using network = openRealKernel().network(pid === undefined ? undefined : `/proc/${pid}/ns/net`);
    return await look(network);
  } catch (error) {
    throw new CannotTell(`the network cannot be looked at: ${(error as Error).message}`);
  }
}

/** `peer` is the other end of a container's veth, by its name on the host. @source man veth(4) */
export async function linkFacts(pid: number | undefined, name: string): Promise<Facts> {
  const own = await inNetwork(pid, async ({ links, addresses }) => ({
    links: await links.list(),
    addresses: await addresses.list(),
  }));
  const link = own.links.find((one) => one.name === name);
  if (link === undefined) return { exists: false, links: own.links.map((one) => one.name) };
  const hostLinks = pid === undefined ? [] : await inNetwork(undefined, ({ links }) => links.list());
  const nameOf = (index: number | undefined, among: readonly Link[]): string | undefined =>
    among.find((one) => one.index === index)?.name;
  return {
    exists: true,
    index: link.index,
    kind: link.kind,
    mac: link.macAddress,
    mtu: link.mtuBytes,
    up: link.isUp,
    master: nameOf(link.masterIndex, own.links),
    peerIndex: link.peerIndex,
    peer: nameOf(link.peerIndex, hostLinks),
    addresses: own.addresses
      .filter(({ linkIndex }) => linkIndex === link.index)
      .map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    links: own.links.map((one) => one.name),
  };
}

/** `to`: `default`, a destination as 10.0.0.0/8, or an address, for which the longest prefix is taken as the kernel does. */
export async function routeFacts(pid: number | undefined, to: string): Promise<Facts> {
  const { routes, links } = await inNetwork(pid, async (network) => ({
    routes: await network.routes.list(),
    links: await network.links.list(),
  }));
  const route = routeTo(routes, to);
  if (route === undefined) return { exists: false, count: routes.length };
  return {
    exists: true,
    count: routes.length,
    destination: destinationOf(route),
    gateway: route.gateway,
    link: links.find(({ index }) => index === route.linkIndex)?.name,
  };
}

const destinationOf = ({ destination, prefixLength }: Route): string =>
  prefixLength === 0 ? 'default' : `${destination}/${prefixLength}`;

export function routeTo(routes: readonly Route[], to: string): Route | undefined {
  if (to === 'default' || to.includes('/')) return routes.find((route) => destinationOf(route) === to);
  const address = numberOf(to);
  return routes
    .filter(({ destination, prefixLength }) => isWithin(address, numberOf(destination), prefixLength))
    .toSorted((a, b) => b.prefixLength - a.prefixLength)[0];
}

const numberOf = (dotted: string): number => dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const isWithin = (address: number, network: number, prefixLength: number): boolean =>
  Math.floor(address / 2 ** (32 - prefixLength)) === Math.floor(network / 2 ** (32 - prefixLength));
