// The kernel of this host.
import type { Kernel } from '../kernel.ts';
import { addressesOf } from './addresses.ts';
import { openFirewall } from './iptables.ts';
import { linksOf } from './links.ts';
import { realMounts } from './mounts.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { realNetworkNamespaces } from './network-namespaces.ts';
import { routesOf } from './routes.ts';
import { realSysctls } from './sysctls.ts';

/** `iptables` chooses a backend by its programs' prefix (`iptables-nft`); the distribution's own choice when it is left out. */
export function openRealKernel(options: { iptables?: string } = {}): Kernel {
  return {
    network(namespace) {
      const socket = new NetlinkSocket(namespace);
      return {
        links: linksOf(socket),
        addresses: addressesOf(socket),
        routes: routesOf(socket),
        [Symbol.dispose]: () => socket[Symbol.dispose](),
      };
    },
    networkNamespaces: realNetworkNamespaces,
    sysctls: realSysctls,
    mounts: realMounts,
    firewall: openFirewall(options.iptables),
  };
}
