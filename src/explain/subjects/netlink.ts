// Messages to the kernel's network configuration in words: rtnetlink (links, addresses, routes) and nftables.
import type { WordsRow } from '../words-row.ts';

export interface NetlinkSubject {
  /** RTM_NEWLINK and the like. */
  message: string;
  /** The whole message as text: attributes by their kernel names. */
  text: string;
  /** `host`, or the path of a namespace; '' when unknown. */
  namespace: string;
}

const is =
  (message: string | RegExp, text?: RegExp) =>
  (subject: NetlinkSubject): boolean =>
    (typeof message === 'string' ? subject.message === message : message.test(subject.message)) &&
    (text === undefined || text.test(subject.text));

const place = ({ namespace }: NetlinkSubject): string =>
  namespace === '' ? '' : namespace === 'host' ? ' on the host' : " in the container's network namespace";
const nameOf = ({ text }: NetlinkSubject, otherwise: string): string =>
  /IFLA_IFNAME[^A-Za-z0-9]*"?:?\s*"([^"]+)"/.exec(text)?.[1] ?? otherwise;
const addressOf = ({ text }: NetlinkSubject): string =>
  /IFA_LOCAL[^0-9]*?(\d+\.\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'an address';
const prefixOf = ({ text }: NetlinkSubject): string => {
  const length = /ifa_prefixlen"?[=:]\s*(\d+)/.exec(text)?.[1];
  return length === undefined ? '' : `/${length}`;
};
const gatewayOf = ({ text }: NetlinkSubject): string =>
  /RTA_GATEWAY[^0-9]*?(\d+\.\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'a gateway';
const isUp = /ifi_flags"?[=:]\s*(1\b|IFF_UP)/;

export const netlinkRows: readonly WordsRow<NetlinkSubject>[] = [
  {
    id: 'netlink-veth',
    when: is('RTM_NEWLINK', /veth/),
    does: (subject) =>
      `Makes a veth pair, a cable with two ends: ${nameOf(subject, 'one end')}${place(subject)}, its peer for the container.${/IFLA_MASTER/.test(subject.text) ? " The host's end is plugged into the bridge by the same message (IFLA_MASTER)." : ''}${/IFLA_NET_NS_/.test(subject.text) ? " The peer is born in the container's namespace (IFLA_NET_NS_*)." : ''}`,
    now: 'After the bridge and the network namespace exist, and before the program runs: it finds its network ready.',
    without: 'The container would have nothing but loopback, as with --network none.',
    shows: ['NET-1', 'STK-15'],
    source: 'man veth(4)',
  },
  {
    id: 'netlink-bridge',
    when: is('RTM_NEWLINK', /IFLA_INFO_KIND[^A-Za-z]*bridge"/),
    does: (subject) =>
      `Makes the bridge ${nameOf(subject, '')}: a switch in the kernel, into which each container of the network is plugged.`,
    now: 'Once for a network, by the first container that needs it; it stays until the network is removed.',
    without: 'Containers would have no common link and no gateway.',
    shows: ['NET-1'],
    source: 'man ip-link(8)',
  },
  {
    id: 'netlink-netns',
    when: is(/^RTM_(NEW|SET)LINK$/, /IFLA_NET_NS_/),
    does: 'Moves a link into another network namespace: it vanishes here and appears there, down and without addresses.',
    now: 'After both ends of the pair exist; the name, address and route are set on the other side.',
    without: "The container's end would stay on the host, and the container without network.",
    shows: ['NET-1', 'KRN-2'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'netlink-master',
    when: is(/^RTM_(NEW|SET)LINK$/, /IFLA_MASTER/),
    does: 'Plugs the link into the bridge: it becomes one of its ports.',
    now: 'After the link was made on the host and before it is set up.',
    without:
      "Frames of the container would end at the host's end of the cable: no other container and no gateway could be reached.",
    shows: ['NET-1'],
    source: 'man ip-link(8)',
  },
  {
    id: 'netlink-hairpin',
    when: is(/^RTM_(SET|NEW)LINK$/, /IFLA_BRPORT_MODE|HAIRPIN/),
    does: 'Lets the bridge send a frame back out of the port that it came in by (hairpin).',
    now: 'After the port is part of the bridge.',
    without: 'A container could not reach itself by its own published port.',
    shows: ['NET-2'],
    source: 'man bridge(8)',
  },
  {
    id: 'netlink-loopback',
    when: (subject) =>
      is('RTM_NEWLINK', isUp)(subject) && /ifi_index"?[=:]\s*(1\b|if_nametoindex\("lo"\))/.test(subject.text),
    does: (subject) => `Sets loopback up${place(subject)}; the kernel gives it 127.0.0.1 by itself.`,
    now: 'In a new network namespace lo exists, but is down.',
    without: 'Nothing in the container could connect to 127.0.0.1, nor to its own addresses.',
    shows: ['NET-1'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'netlink-up',
    when: is(/^RTM_(NEW|SET)LINK$/, isUp),
    does: (subject) => `Sets the link up${place(subject)}.`,
    now: 'Before routes through it: the kernel refuses a gateway that only a link that is down would reach (ENETUNREACH or ENETDOWN).',
    without: 'No frame would pass, and no route could use the link.',
    shows: ['NET-1'],
    source: 'man netdevice(7)',
  },
  {
    id: 'netlink-link',
    when: is(/^RTM_(NEW|SET)LINK$/),
    does: (subject) =>
      `Makes or changes the link ${nameOf(subject, '')}${place(subject)}: its name, address or MTU.`
        .replace('link :', 'link:')
        .replace('link  ', 'link '),
    now: 'Before the link is set up: before Linux 6.2 a link that is up cannot be renamed (EBUSY).',
    without: 'The container would see another name or MTU than eth0 and that of its network.',
    shows: ['NET-1'],
    source: 'man rtnetlink(7)',
  },
  {
    id: 'netlink-address',
    when: is('RTM_NEWADDR'),
    does: (subject) =>
      subject.namespace === 'host'
        ? `Gives the bridge the address ${addressOf(subject)}${prefixOf(subject)}: the containers' gateway. The route to their subnet follows from it by itself.`
        : `Gives the link the address ${addressOf(subject)}${prefixOf(subject)}${place(subject)}. The route to that subnet follows from it by itself.`,
    now: 'After the link exists; the daemon chose an address that no other container of the network has.',
    without: 'Without an address the link could carry frames, but no IP packet would arrive or leave.',
    shows: ['NET-1', 'STK-15'],
    source: 'man rtnetlink(7)',
  },
  {
    id: 'netlink-route',
    when: is('RTM_NEWROUTE'),
    does: (subject) =>
      /RTA_DST/.test(subject.text)
        ? `Adds a route${place(subject)}.`
        : `Sets the default route${place(subject)}: what is not in the own subnet goes to ${gatewayOf(subject)}, the bridge.`,
    now: 'Last: the gateway must be reachable through an address on a link that is up.',
    without: 'The container would reach its neighbours on the bridge and nobody else (ENETUNREACH).',
    shows: ['NET-1', 'NET-3'],
    source: 'man rtnetlink(7)',
  },
  {
    id: 'netlink-delete-link',
    when: is('RTM_DELLINK'),
    does: 'Removes a link. Of a veth pair the other end goes with it.',
    now: 'When the container has stopped and its network is taken down.',
    without: 'The links of gone containers would pile up on the bridge, for as long as their namespace is held.',
    shows: ['NET-1'],
    source: 'man veth(4)',
  },
  {
    id: 'netlink-delete',
    when: is(/^RTM_DEL/),
    does: (subject) =>
      `Removes ${subject.message === 'RTM_DELADDR' ? 'an address' : subject.message === 'RTM_DELROUTE' ? 'a route' : 'an entry'}${place(subject)}.`,
    now: 'When what it belonged to is taken down.',
    without: 'Packets would go on being sent to something that is gone.',
    shows: ['NET-1'],
    source: 'man rtnetlink(7)',
  },
  {
    id: 'netlink-get',
    when: is(/^RTM_GET/),
    does: 'Asks the kernel for links, addresses or routes; the answer comes on the same socket.',
    without: 'It would not know names, numbers and addresses in use: which are free, which link is which.',
    shows: ['NET-1'],
    source: 'man rtnetlink(7)',
  },
  {
    id: 'netlink-nft',
    when: is(/^NFT_MSG_/),
    does: ({ message }) =>
      `Speaks to nftables (${message}). iptables-nft translates the old rules to it: the words are iptables', the kernel side is nftables.`,
    now: 'Changes come as one batch that holds whole or not at all.',
    without: 'The rule would not reach the kernel.',
    shows: ['NET-2', 'NET-3'],
    source: 'man xtables-nft(8)',
  },
  {
    id: 'netlink-other',
    does: ({ message }) =>
      `Sends ${message || 'a message'} to the kernel over netlink; answers come on the same socket.`,
    source: 'man netlink(7)',
  },
];
