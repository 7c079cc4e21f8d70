// Rtnetlink: links, addresses, routes, neighbours, rules, namespace numbers.
// @source man rtnetlink(7); uapi linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h, linux/fib_rules.h
import { type NameSet, nameOf, showName } from '../flags/names.ts';
import {
  addressAttributes,
  addressFlags,
  bridgeAttributes,
  bridgePortAttributes,
  bridgeSpecAttributes,
  extendedMask,
  ipvlanAttributes,
  linkAttributes,
  linkFlags,
  linkInfoAttributes,
  macvlanAttributes,
  namespaceIdAttributes,
  neighbourAttributes,
  neighbourFlags,
  neighbourStates,
  operationalStates,
  routeAttributes,
  routeFlags,
  routeMessages,
  routeProtocols,
  routeScopes,
  routeTables,
  routeTypes,
  ruleActions,
  ruleAttributes,
  trafficAttributes,
  vethAttributes,
  vlanAttributes,
  vxlanAttributes,
} from '../flags/rtnetlink.ts';
import { addressFamilies, etherTypes, hardwareTypes } from '../flags/socket.ts';
import { ipText } from './addresses.ts';
import { descriptorText, int32 } from './arguments.ts';
import {
  type AttributeSet,
  type AttributeValue,
  attributesText,
  bytesText,
  flagsByVerb,
  type MessageForm,
  type NetlinkProtocol,
  nested,
  shaped,
  text,
} from './netlink.ts';
import {
  flagsShape,
  hexadecimal,
  nameShape,
  networkOrder,
  readUnsigned,
  type Shape,
  signed,
  struct,
  unsigned,
  untilNul,
  wordShape,
} from './shapes.ts';

const family = nameShape(addressFamilies, 1);
const u8 = shaped(unsigned(1));
const u16 = shaped(unsigned(2));
const u32 = shaped(unsigned(4));
const s32 = shaped(signed(4));
const descriptor = shaped(wordShape(4, (value, view) => descriptorText(int32(value), view)));

/** `02:42:ac:11:00:02`; other lengths as bytes. */
const hardwareAddress: AttributeValue = (data) =>
  data.length === 6 ? [...data].map((byte) => byte.toString(16).padStart(2, '0')).join(':') : bytesText(data);

/** By its length, as an attribute has no family of its own. */
const address: AttributeValue = (data) => ipText(data) ?? bytesText(data);

const statistics = ['rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes'];
const counters =
  (size: 4 | 8): AttributeValue =>
  (data) => {
    const shown = statistics.map((name, index) => `${name}=${readUnsigned(data, index * size, size)}`);
    return `{${[...shown, '...'].join(', ')}}`;
  };

const linkMessage = struct({
  ifi_family: family,
  _pad: unsigned(1),
  ifi_type: nameShape(hardwareTypes, 2),
  ifi_index: signed(4),
  ifi_flags: flagsShape(linkFlags),
  ifi_change: flagsShape(linkFlags),
});

/** VETH_INFO_PEER: a whole link message without its header. */
const peer: AttributeValue = (data, context) => {
  if (data.length < linkMessage.size) return bytesText(data);
  const head = linkMessage.show(data, context.view);
  const rest = data.subarray(linkMessage.size);
  return rest.length === 0 ? head : `${head}, ${attributesText(rest, links, context)}`;
};

const bridge: AttributeSet = {
  names: bridgeAttributes,
  values: {
    IFLA_BR_FORWARD_DELAY: u32,
    IFLA_BR_HELLO_TIME: u32,
    IFLA_BR_MAX_AGE: u32,
    IFLA_BR_AGEING_TIME: u32,
    IFLA_BR_STP_STATE: u32,
    IFLA_BR_PRIORITY: u16,
    IFLA_BR_VLAN_FILTERING: u8,
    IFLA_BR_VLAN_PROTOCOL: shaped(networkOrder(2, (value) => showName(BigInt(value), etherTypes))),
    IFLA_BR_GROUP_FWD_MASK: u16,
    IFLA_BR_MCAST_SNOOPING: u8,
    IFLA_BR_NF_CALL_IPTABLES: u8,
    IFLA_BR_NF_CALL_IP6TABLES: u8,
  },
};
const bridgePort: AttributeSet = {
  names: bridgePortAttributes,
  values: Object.fromEntries(
    ['STATE', 'MODE', 'GUARD', 'PROTECT', 'FAST_LEAVE', 'LEARNING', 'UNICAST_FLOOD', 'PROXYARP', 'ISOLATED'].map(
      (name) => [`IFLA_BRPORT_${name}`, u8],
    ),
  ),
};
const kinds: Readonly<Record<string, AttributeSet>> = {
  veth: { names: vethAttributes, values: { VETH_INFO_PEER: peer } },
  bridge,
  vlan: { names: vlanAttributes, values: { IFLA_VLAN_ID: u16 } },
  macvlan: { names: macvlanAttributes, values: { IFLA_MACVLAN_MODE: u32, IFLA_MACVLAN_FLAGS: u16 } },
  macvtap: { names: macvlanAttributes, values: { IFLA_MACVLAN_MODE: u32, IFLA_MACVLAN_FLAGS: u16 } },
  ipvlan: { names: ipvlanAttributes, values: { IFLA_IPVLAN_MODE: u16, IFLA_IPVLAN_FLAGS: u16 } },
  vxlan: {
    names: vxlanAttributes,
    values: { IFLA_VXLAN_ID: u32, IFLA_VXLAN_GROUP: address, IFLA_VXLAN_LOCAL: address, IFLA_VXLAN_TTL: u8 },
  },
};
const slaveKinds: Readonly<Record<string, AttributeSet>> = { bridge: bridgePort };

/** IFLA_INFO_DATA: its attributes are those of the kind that its sibling names. */
const dataOf =
  (sibling: string, sets: Readonly<Record<string, AttributeSet>>): AttributeValue =>
  (data, context) => {
    const kind = Buffer.from(untilNul(context.siblings.get(sibling) ?? new Uint8Array())).toString('latin1');
    const set = Object.hasOwn(sets, kind) ? sets[kind] : undefined;
    return set ? attributesText(data, set, context) : bytesText(data);
  };

const linkInfo: AttributeSet = {
  names: linkInfoAttributes,
  values: {
    IFLA_INFO_KIND: text,
    IFLA_INFO_SLAVE_KIND: text,
    IFLA_INFO_DATA: dataOf('IFLA_INFO_KIND', kinds),
    IFLA_INFO_SLAVE_DATA: dataOf('IFLA_INFO_SLAVE_KIND', slaveKinds),
  },
};

/** IFLA_PROTINFO and IFLA_AF_SPEC: of a bridge's own messages the attributes of its ports. */
const AF_BRIDGE = 7;
const whenBridge =
  (set: AttributeSet): AttributeValue =>
  (data, context) =>
    context.family === AF_BRIDGE ? attributesText(data, set, context) : bytesText(data);

const links: AttributeSet = {
  names: linkAttributes,
  values: {
    IFLA_ADDRESS: hardwareAddress,
    IFLA_BROADCAST: hardwareAddress,
    IFLA_PERM_ADDRESS: hardwareAddress,
    IFLA_IFNAME: text,
    IFLA_ALT_IFNAME: text,
    IFLA_IFALIAS: text,
    IFLA_QDISC: text,
    IFLA_MTU: u32,
    IFLA_MIN_MTU: u32,
    IFLA_MAX_MTU: u32,
    IFLA_LINK: s32,
    IFLA_MASTER: u32,
    IFLA_TXQLEN: u32,
    IFLA_GROUP: u32,
    IFLA_PROMISCUITY: u32,
    IFLA_ALLMULTI: u32,
    IFLA_NUM_TX_QUEUES: u32,
    IFLA_NUM_RX_QUEUES: u32,
    IFLA_GSO_MAX_SEGS: u32,
    IFLA_GSO_MAX_SIZE: u32,
    IFLA_GRO_MAX_SIZE: u32,
    IFLA_TSO_MAX_SIZE: u32,
    IFLA_TSO_MAX_SEGS: u32,
    IFLA_GSO_IPV4_MAX_SIZE: u32,
    IFLA_GRO_IPV4_MAX_SIZE: u32,
    IFLA_MAX_PACING_OFFLOAD_HORIZON: u32,
    IFLA_HEADROOM: u16,
    IFLA_TAILROOM: u16,
    IFLA_NETNS_IMMUTABLE: u8,
    IFLA_CARRIER_CHANGES: u32,
    IFLA_CARRIER_UP_COUNT: u32,
    IFLA_CARRIER_DOWN_COUNT: u32,
    IFLA_CARRIER: u8,
    IFLA_LINKMODE: u8,
    IFLA_PROTO_DOWN: u8,
    IFLA_OPERSTATE: shaped(nameShape(operationalStates, 1)),
    IFLA_EXT_MASK: shaped(flagsShape(extendedMask)),
    IFLA_NET_NS_PID: s32,
    IFLA_NET_NS_FD: descriptor,
    IFLA_LINK_NETNSID: s32,
    IFLA_NEW_NETNSID: s32,
    IFLA_TARGET_NETNSID: s32,
    IFLA_NEW_IFINDEX: s32,
    IFLA_STATS: counters(4),
    IFLA_STATS64: counters(8),
    IFLA_LINKINFO: nested(linkInfo),
    IFLA_PROTINFO: whenBridge(bridgePort),
    IFLA_AF_SPEC: whenBridge({
      names: bridgeSpecAttributes,
      values: { IFLA_BRIDGE_FLAGS: u16, IFLA_BRIDGE_MODE: u16 },
    }),
  },
};

const addresses: MessageForm = {
  head: struct({
    ifa_family: family,
    ifa_prefixlen: unsigned(1),
    ifa_flags: flagsShape(addressFlags, 1),
    ifa_scope: nameShape(routeScopes, 1),
    ifa_index: unsigned(4),
  }),
  attributes: {
    names: addressAttributes,
    values: {
      IFA_ADDRESS: address,
      IFA_LOCAL: address,
      IFA_BROADCAST: address,
      IFA_ANYCAST: address,
      IFA_MULTICAST: address,
      IFA_LABEL: text,
      IFA_FLAGS: shaped(flagsShape(addressFlags)),
      IFA_RT_PRIORITY: u32,
      IFA_TARGET_NETNSID: s32,
      IFA_PROTO: u8,
    },
  },
};

const routes: MessageForm = {
  head: struct({
    rtm_family: family,
    rtm_dst_len: unsigned(1),
    rtm_src_len: unsigned(1),
    rtm_tos: unsigned(1),
    rtm_table: nameShape(routeTables, 1),
    rtm_protocol: nameShape(routeProtocols, 1),
    rtm_scope: nameShape(routeScopes, 1),
    rtm_type: nameShape(routeTypes, 1),
    rtm_flags: flagsShape(routeFlags),
  }),
  attributes: {
    names: routeAttributes,
    values: {
      RTA_DST: address,
      RTA_SRC: address,
      RTA_GATEWAY: address,
      RTA_PREFSRC: address,
      RTA_NEWDST: address,
      RTA_IIF: s32,
      RTA_OIF: s32,
      RTA_PRIORITY: u32,
      RTA_MARK: u32,
      RTA_UID: u32,
      RTA_TABLE: shaped(nameShape(routeTables)),
    },
  },
};

const neighbours: MessageForm = {
  head: struct({
    ndm_family: family,
    _pad1: unsigned(1),
    _pad2: unsigned(2),
    ndm_ifindex: signed(4),
    ndm_state: flagsShape(neighbourStates, 2),
    ndm_flags: flagsShape(neighbourFlags, 1),
    ndm_type: nameShape(routeTypes, 1),
  }),
  attributes: {
    names: neighbourAttributes,
    values: {
      NDA_DST: address,
      NDA_LLADDR: hardwareAddress,
      NDA_PROBES: u32,
      NDA_VLAN: u16,
      NDA_IFINDEX: u32,
      NDA_MASTER: u32,
    },
  },
};

const rules: MessageForm = {
  head: struct({
    family,
    dst_len: unsigned(1),
    src_len: unsigned(1),
    tos: unsigned(1),
    table: nameShape(routeTables, 1),
    _res1: unsigned(1),
    _res2: unsigned(1),
    action: nameShape(ruleActions, 1),
    flags: hexadecimal(4),
  }),
  attributes: {
    names: ruleAttributes,
    values: {
      FRA_DST: address,
      FRA_SRC: address,
      FRA_IIFNAME: text,
      FRA_OIFNAME: text,
      FRA_PRIORITY: u32,
      FRA_FWMARK: u32,
      FRA_FWMASK: u32,
      FRA_TABLE: shaped(nameShape(routeTables)),
      FRA_SUPPRESS_PREFIXLEN: u32,
    },
  },
};

const namespaceIds: MessageForm = {
  head: struct({ rtgen_family: family }),
  attributes: {
    names: namespaceIdAttributes,
    values: {
      NETNSA_NSID: s32,
      NETNSA_PID: u32,
      NETNSA_FD: descriptor,
      NETNSA_TARGET_NSID: s32,
      NETNSA_CURRENT_NSID: s32,
    },
  },
};

const handle: Shape = hexadecimal(4);
const traffic: MessageForm = {
  head: struct({
    tcm_family: family,
    _pad1: unsigned(1),
    _pad2: unsigned(2),
    tcm_ifindex: signed(4),
    tcm_handle: handle,
    tcm_parent: handle,
    tcm_info: unsigned(4),
  }),
  attributes: { names: trafficAttributes, values: { TCA_KIND: text, TCA_CHAIN: u32, TCA_STATS: bytesText } },
};

/** Four numbers a subject: made, removed, asked for, set. The first number of each. */
const forms: ReadonlyMap<number, MessageForm> = new Map([
  [16, { head: linkMessage, attributes: links }],
  [20, addresses],
  [24, routes],
  [28, neighbours],
  [32, rules],
  [36, traffic],
  [40, traffic],
  [44, traffic],
  [88, namespaceIds],
]);

const verbs = [flagsByVerb.new, flagsByVerb.delete, flagsByVerb.get, undefined] as const;

export const route: NetlinkProtocol = {
  typeName: (type) => showName(BigInt(type), routeMessages),
  // RTM_SETLINK and its like come without flags of their own; what they carry reads like that of a new one.
  flags: (type): NameSet => verbs[type & 3] ?? flagsByVerb.new,
  form: (type) => (nameOf(BigInt(type), routeMessages) === undefined ? undefined : forms.get(type & ~3)),
};
