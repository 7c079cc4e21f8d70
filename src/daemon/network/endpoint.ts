// An endpoint: a container's connection to the bridge. A veth pair whose near end is a port of tlab0 and whose far end is eth0 inside
// the sandbox, with an address and the default route through the bridge.
import { LabError } from '../../base/errors.ts';
import type { Kernel, Network } from '../../kernel/kernel.ts';
import { withCause } from '../../trace/context.ts';
import { bridgeName } from './rules.ts';

export interface EndpointPlan {
  namespace: string;
  linkName: string;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
}

/** IFNAMSIZ leaves 15 characters. @source uapi linux/if.h */
export const linkNameOf = (endpointId: string): string => `tlab-${endpointId.slice(0, 8)}`;
export const isEndpointLink = (name: string): boolean => /^tlab-[0-9a-f]{8}$/.test(name);

async function findLink(network: Network, name: string) {
  const link = await network.links.find(name);
  if (link === undefined) throw new LabError('notFound', `link "${name}": it does not exist`);
  return link;
}

async function addPair(host: Network, plan: EndpointPlan): Promise<void> {
  const master = await findLink(host, bridgeName);
  await host.links.addVeth({
    name: plan.linkName,
    master,
    mtuBytes: master.mtuBytes,
    peer: { name: 'eth0', namespace: plan.namespace, macAddress: plan.macAddress },
  });
  await host.links.setHairpin(await findLink(host, plan.linkName));
}

/** Loopback up: all that a sandbox without a network has. */
export const bringLoopbackUp = (inside: Network): Promise<void> =>
  withCause('default:sandbox-loopback', () => inside.links.setUp({ index: 1, name: 'lo' }));

/** Connects a namespace that exists and is empty; the caller removes the link, and with it the pair, when a later step fails. */
export async function connectEndpoint(kernel: Kernel, host: Network, plan: EndpointPlan): Promise<void> {
  // Before eth0 exists, so that it never gets a link-local address.
  withCause('default:container-without-ipv6', () =>
    kernel.sysctls.writeIn(plan.namespace, 'net/ipv6/conf/all/disable_ipv6', '1'),
  );
  await addPair(host, plan);
  using inside = kernel.network(plan.namespace);
  await bringLoopbackUp(inside);
  await withCause('default:address-allocation', async () => {
    const link = await findLink(inside, 'eth0');
    await inside.addresses.add(link, { address: plan.ipAddress, prefixLength: plan.prefixLength });
    await inside.links.setUp(link);
    await inside.routes.addDefault(plan.gateway, link);
  });
}
