// Effects on the network: links, addresses, routes, iptables chains and rules, sysctls of a network namespace.
// Interfaces have no lasting numbers, addresses are given out: the words say which interface and which subnet.
import type { TraceEvent } from '../../trace/file.ts';
import type { Draft } from './kinds.ts';
import type { Sameness } from './sameness.ts';

type Attributes = Record<string, unknown>;

/** The effects of a network event; undefined for events of another kind. */
export function networkEffects({ type, data }: TraceEvent, sameness: Sameness): Draft[] | undefined {
  switch (type) {
    case 'kernel.netlink-sent':
      return netlinkEffects(data, sameness);
    case 'kernel.network-namespace-created':
      return [{ kind: 'namespace-made', subject: 'network', value: '' }];
    case 'kernel.chain-made':
      return [{ kind: 'chain', subject: `${text(data.table)} ${text(data.chain)}`, value: '' }];
    case 'kernel.rule-added':
      return [
        { kind: 'rule', subject: sameness.of(`${text(data.table)} ${text(data.chain)} ${text(data.rule)}`), value: '' },
      ];
    case 'kernel.chain-removed':
    case 'kernel.rule-removed':
      return [];
    default:
      return undefined;
  }
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const attributesOf = (value: unknown): Attributes =>
  typeof value === 'object' && value !== null ? (value as Attributes) : {};

/** `(host)` or `(container)`: the same link name may stand on both sides. */
const placeOf = (namespace: unknown): string => (namespace === 'host' ? 'host' : 'container');

function netlinkEffects(data: Record<string, unknown>, sameness: Sameness): Draft[] {
  const attributes = attributesOf(data.attributes);
  const place = placeOf(data.namespace);
  const message = text(data.message);
  if (message.startsWith('RTM_DEL')) return [];
  if (message.endsWith('ADDR')) return [addressEffect(attributes, place)];
  if (message.endsWith('ROUTE')) return [routeEffect(attributes, place)];
  if (message.endsWith('LINK')) return [linkEffect(attributes, place, sameness)];
  return [{ kind: 'other', subject: `${message} in the ${place}`, value: sameness.of(JSON.stringify(attributes)) }];
}

/** The subnet, not the address: that one is the next that was free. */
function addressEffect(attributes: Attributes, place: string): Draft {
  const local = text(attributes.IFA_LOCAL ?? attributes.IFA_ADDRESS);
  const value = `of ${subnetOf(local, Number(attributes.ifa_prefixlen))}`;
  return { kind: 'address', subject: `in the ${place}`, value };
}

function subnetOf(address: string, prefix: number): string {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return `/${prefix}`;
  const masked = bytes.map((byte, i) => byte & (0xff << (8 - Math.min(8, Math.max(0, prefix - 8 * i)))) & 0xff);
  return `${masked.join('.')}/${prefix}`;
}

function routeEffect(attributes: Attributes, place: string): Draft {
  const destination = attributes.RTA_DST === undefined ? 'default' : text(attributes.RTA_DST);
  const gateway = attributes.RTA_GATEWAY === undefined ? '' : `via ${text(attributes.RTA_GATEWAY)}`;
  return { kind: 'route', subject: `${destination} in the ${place}`, value: gateway };
}

/** @source uapi linux/if.h IFF_UP; loopback has index 1 in every network namespace: Linux net/core/dev.c */
function linkEffect(attributes: Attributes, place: string, sameness: Sameness): Draft {
  const info = attributesOf(attributes.IFLA_LINKINFO);
  const kind = text(info.IFLA_INFO_KIND);
  if (kind !== '') {
    const peer = attributesOf(attributesOf(info.IFLA_INFO_DATA).VETH_INFO_PEER);
    const ends = peer.IFLA_IFNAME === undefined ? '' : ` to ${text(peer.IFLA_IFNAME)} in the container`;
    const mtu = attributes.IFLA_MTU === undefined ? '' : `mtu ${text(attributes.IFLA_MTU)}`;
    return { kind: 'link', subject: sameness.of(`${kind} ${text(attributes.IFLA_IFNAME)}${ends}`), value: mtu };
  }
  const which = attributes.ifi_index === 1 ? 'lo' : 'interface';
  if (attributes.IFLA_PROTINFO !== undefined) {
    return { kind: 'link', subject: `bridge port of the ${place}`, value: bridgePort(attributes.IFLA_PROTINFO) };
  }
  const up = (Number(attributes.ifi_flags ?? 0) & 1) === 1;
  const rest = { ...attributes };
  for (const name of ['ifi_index', 'ifi_flags', 'ifi_change', 'ifi_family', 'IFLA_NET_NS_FD', 'IFLA_NET_NS_PID'])
    delete rest[name];
  const value = [up ? 'up' : '', Object.keys(rest).length === 0 ? '' : sameness.of(JSON.stringify(rest))]
    .join(' ')
    .trim();
  return { kind: 'link', subject: `${which} in the ${place}`, value };
}

/** @source uapi linux/if_link.h IFLA_BRPORT_MODE: hairpin */
function bridgePort(info: unknown): string {
  const { IFLA_BRPORT_MODE: mode, ...rest } = attributesOf(info);
  const hairpin = mode === undefined ? [] : [`hairpin ${mode === 1 ? 'on' : 'off'}`];
  return [...hairpin, ...(Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)])].join(', ');
}
