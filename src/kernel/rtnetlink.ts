// The rtnetlink messages that tlab speaks: number, fixed structure and attributes of each, as the kernel's headers have them.
// @source man rtnetlink(7); uapi linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h
import type { AttributeSet, MessageForm, StructureFields } from './netlink.ts';

export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const IFF_UP = 1;
/** The main table, a route that lives until it is removed by hand, and the two scopes that tlab uses. */
export const RT_TABLE_MAIN = 254;
export const RTPROT_BOOT = 3;
export const RT_SCOPE_UNIVERSE = 0;
export const RTN_UNICAST = 1;

const ifinfomsg: StructureFields = [
  ['ifi_family', 'u8'],
  ['ifi_pad', 'u8'],
  ['ifi_type', 'u16'],
  ['ifi_index', 's32'],
  ['ifi_flags', 'u32'],
  ['ifi_change', 'u32'],
];

const ifaddrmsg: StructureFields = [
  ['ifa_family', 'u8'],
  ['ifa_prefixlen', 'u8'],
  ['ifa_flags', 'u8'],
  ['ifa_scope', 'u8'],
  ['ifa_index', 'u32'],
];

const rtmsg: StructureFields = [
  ['rtm_family', 'u8'],
  ['rtm_dst_len', 'u8'],
  ['rtm_src_len', 'u8'],
  ['rtm_tos', 'u8'],
  ['rtm_table', 'u8'],
  ['rtm_protocol', 'u8'],
  ['rtm_scope', 'u8'],
  ['rtm_type', 'u8'],
  ['rtm_flags', 'u32'],
];

const peer: AttributeSet = {
  IFLA_ADDRESS: [1, 'mac'],
  IFLA_IFNAME: [3, 'text'],
  IFLA_MTU: [4, 'u32'],
  IFLA_NET_NS_FD: [28, 'u32'],
};

const link: AttributeSet = {
  ...peer,
  /** Of a veth: the index of its other end, in that one's namespace. */
  IFLA_LINK: [5, 'u32'],
  IFLA_MASTER: [10, 'u32'],
  IFLA_PROTINFO: [12, { nested: { IFLA_BRPORT_MODE: [4, 'u8'] } }],
  IFLA_LINKINFO: [
    18,
    {
      nested: {
        IFLA_INFO_KIND: [1, 'text'],
        IFLA_INFO_DATA: [
          2,
          {
            by: 'IFLA_INFO_KIND',
            sets: { veth: { VETH_INFO_PEER: [1, { structure: ifinfomsg, nested: peer }] } },
          },
        ],
      },
    },
  ],
};

const address: AttributeSet = {
  IFA_ADDRESS: [1, 'ipv4'],
  IFA_LOCAL: [2, 'ipv4'],
  IFA_BROADCAST: [4, 'ipv4'],
};

const route: AttributeSet = {
  RTA_DST: [1, 'ipv4'],
  RTA_OIF: [4, 'u32'],
  RTA_GATEWAY: [5, 'ipv4'],
  RTA_TABLE: [15, 'u32'],
};

export const rtnetlink = {
  RTM_NEWLINK: { type: 16, structure: ifinfomsg, attributes: link },
  RTM_DELLINK: { type: 17, structure: ifinfomsg, attributes: link },
  RTM_GETLINK: { type: 18, structure: ifinfomsg, attributes: link },
  RTM_SETLINK: { type: 19, structure: ifinfomsg, attributes: link },
  RTM_NEWADDR: { type: 20, structure: ifaddrmsg, attributes: address },
  RTM_GETADDR: { type: 22, structure: ifaddrmsg, attributes: address },
  RTM_NEWROUTE: { type: 24, structure: rtmsg, attributes: route },
  RTM_GETROUTE: { type: 26, structure: rtmsg, attributes: route },
} as const satisfies Record<string, MessageForm>;

export type RtnetlinkMessage = keyof typeof rtnetlink;
