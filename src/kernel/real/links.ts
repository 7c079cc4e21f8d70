// Links of one namespace over rtnetlink: bridge, veth pair, port settings.
// Rule: the peer of a veth pair is made inside its namespace in the same message, so no half of it is ever seen on the host.
import { closeSync, constants, openSync } from 'node:fs';
import type { Link, Links, VethPair } from '../kernel.ts';
import { type Attributes, NLM_F_CREATE, NLM_F_EXCL } from '../netlink.ts';
import { AF_BRIDGE, IFF_UP } from '../rtnetlink.ts';
import type { NetlinkSocket } from './netlink-socket.ts';

const isText = (value: unknown): value is string => typeof value === 'string';

function toLink(values: Attributes): Link {
  const info = values.IFLA_LINKINFO;
  const kind = typeof info === 'object' ? info.IFLA_INFO_KIND : undefined;
  return {
    index: Number(values.ifi_index),
    name: String(values.IFLA_IFNAME),
    macAddress: isText(values.IFLA_ADDRESS) ? values.IFLA_ADDRESS : '',
    mtuBytes: Number(values.IFLA_MTU ?? 0),
    isUp: (Number(values.ifi_flags) & IFF_UP) !== 0,
    masterIndex: typeof values.IFLA_MASTER === 'number' ? values.IFLA_MASTER : undefined,
    peerIndex: kind === 'veth' && typeof values.IFLA_LINK === 'number' ? values.IFLA_LINK : undefined,
    kind: isText(kind) ? kind : undefined,
  };
}

async function addVeth(socket: NetlinkSocket, pair: VethPair): Promise<void> {
  const { name, namespace, macAddress } = pair.peer;
  const fd = openSync(namespace, constants.O_RDONLY);
  // The peer stays down: while it is made it has no other end yet, and opening it then is ENOTCONN.
  const peer = { IFLA_IFNAME: name, IFLA_ADDRESS: macAddress, IFLA_MTU: pair.mtuBytes, IFLA_NET_NS_FD: fd };
  const info = { IFLA_INFO_KIND: 'veth', IFLA_INFO_DATA: { VETH_INFO_PEER: peer } };
  try {
    await socket.change({
      message: 'RTM_NEWLINK',
      flags: NLM_F_CREATE | NLM_F_EXCL,
      values: {
        ifi_flags: IFF_UP,
        ifi_change: IFF_UP,
        IFLA_IFNAME: pair.name,
        IFLA_MTU: pair.mtuBytes,
        IFLA_MASTER: pair.master.index,
        IFLA_LINKINFO: info,
      },
      what: `veth pair "${pair.name}"`,
      twin:
        `link add ${pair.name} mtu ${pair.mtuBytes} master ${pair.master.name} up type veth ` +
        `peer name ${name} address ${macAddress} mtu ${pair.mtuBytes} netns ${namespace}`,
    });
  } finally {
    closeSync(fd);
  }
}

export function linksOf(socket: NetlinkSocket): Links {
  return {
    list: async () => (await socket.dump('RTM_GETLINK', {})).map(toLink),

    async find(name) {
      const found = await socket.get('RTM_GETLINK', { IFLA_IFNAME: name });
      return found && toLink(found);
    },

    addBridge: (name, { macAddress, mtuBytes }) =>
      socket.change({
        message: 'RTM_NEWLINK',
        flags: NLM_F_CREATE | NLM_F_EXCL,
        values: {
          IFLA_IFNAME: name,
          IFLA_ADDRESS: macAddress,
          IFLA_MTU: mtuBytes,
          IFLA_LINKINFO: { IFLA_INFO_KIND: 'bridge' },
        },
        what: `bridge "${name}"`,
        twin: `link add ${name} address ${macAddress} mtu ${mtuBytes} type bridge`,
      }),

    addVeth: (pair) => addVeth(socket, pair),

    setUp: ({ index, name }) =>
      socket.change({
        message: 'RTM_NEWLINK',
        values: { ifi_index: index, ifi_flags: IFF_UP, ifi_change: IFF_UP },
        what: `link "${name}"`,
        twin: `link set dev ${name} up`,
      }),

    setHairpin: ({ index, name }) =>
      socket.change({
        message: 'RTM_SETLINK',
        values: { ifi_family: AF_BRIDGE, ifi_index: index, IFLA_PROTINFO: { IFLA_BRPORT_MODE: 1 } },
        what: `bridge port "${name}"`,
        twin: `link set dev ${name} type bridge_slave hairpin on`,
      }),

    remove: (name) =>
      socket.change({
        message: 'RTM_DELLINK',
        values: { IFLA_IFNAME: name },
        what: `link "${name}"`,
        twin: `link delete ${name}`,
      }),
  };
}
