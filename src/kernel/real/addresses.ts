// IPv4 addresses of one namespace over rtnetlink.
import type { Address, Addresses } from '../kernel.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../netlink.ts';
import { AF_INET } from '../rtnetlink.ts';
import type { NetlinkSocket } from './netlink-socket.ts';

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

function broadcastOf({ address, prefixLength }: Pick<Address, 'address' | 'prefixLength'>): string {
  const hostMask = 2 ** (32 - prefixLength) - 1;
  const value = (toNumber(address) | hostMask) >>> 0;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

export function addressesOf(socket: NetlinkSocket): Addresses {
  return {
    list: async () =>
      (await socket.dump('RTM_GETADDR', { ifa_family: AF_INET })).map((found) => ({
        linkIndex: Number(found.ifa_index),
        address: String(found.IFA_LOCAL ?? found.IFA_ADDRESS),
        prefixLength: Number(found.ifa_prefixlen),
      })),

    add(link, address) {
      const broadcast = broadcastOf(address);
      return socket.change({
        message: 'RTM_NEWADDR',
        flags: NLM_F_CREATE | NLM_F_EXCL,
        values: {
          ifa_family: AF_INET,
          ifa_prefixlen: address.prefixLength,
          ifa_index: link.index,
          IFA_LOCAL: address.address,
          IFA_ADDRESS: address.address,
          IFA_BROADCAST: broadcast,
        },
        what: `address ${address.address}/${address.prefixLength} on "${link.name}"`,
        twin: `addr add ${address.address}/${address.prefixLength} broadcast ${broadcast} dev ${link.name}`,
      });
    },
  };
}
