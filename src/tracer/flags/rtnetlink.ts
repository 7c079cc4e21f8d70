// Rtnetlink: messages, attributes and values on links, addresses, routes, neighbours, rules and namespaces.
import type { NameSet } from './names.ts';

/** @source uapi linux/rtnetlink.h */
export const routeMessages: NameSet = {
  prefix: 'RTM_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTM_NEWLINK: 16,
    RTM_DELLINK: 17,
    RTM_GETLINK: 18,
    RTM_SETLINK: 19,
    RTM_NEWADDR: 20,
    RTM_DELADDR: 21,
    RTM_GETADDR: 22,
    RTM_NEWROUTE: 24,
    RTM_DELROUTE: 25,
    RTM_GETROUTE: 26,
    RTM_NEWNEIGH: 28,
    RTM_DELNEIGH: 29,
    RTM_GETNEIGH: 30,
    RTM_NEWRULE: 32,
    RTM_DELRULE: 33,
    RTM_GETRULE: 34,
    RTM_NEWQDISC: 36,
    RTM_DELQDISC: 37,
    RTM_GETQDISC: 38,
    RTM_NEWTCLASS: 40,
    RTM_DELTCLASS: 41,
    RTM_GETTCLASS: 42,
    RTM_NEWTFILTER: 44,
    RTM_DELTFILTER: 45,
    RTM_GETTFILTER: 46,
    RTM_NEWACTION: 48,
    RTM_DELACTION: 49,
    RTM_GETACTION: 50,
    RTM_NEWPREFIX: 52,
    RTM_GETMULTICAST: 58,
    RTM_GETANYCAST: 62,
    RTM_NEWNEIGHTBL: 64,
    RTM_GETNEIGHTBL: 66,
    RTM_SETNEIGHTBL: 67,
    RTM_NEWNDUSEROPT: 68,
    RTM_NEWADDRLABEL: 72,
    RTM_DELADDRLABEL: 73,
    RTM_GETADDRLABEL: 74,
    RTM_GETDCB: 78,
    RTM_SETDCB: 79,
    RTM_NEWNETCONF: 80,
    RTM_DELNETCONF: 81,
    RTM_GETNETCONF: 82,
    RTM_NEWMDB: 84,
    RTM_DELMDB: 85,
    RTM_GETMDB: 86,
    RTM_NEWNSID: 88,
    RTM_DELNSID: 89,
    RTM_GETNSID: 90,
    RTM_NEWSTATS: 92,
    RTM_GETSTATS: 94,
    RTM_SETSTATS: 95,
    RTM_NEWCACHEREPORT: 96,
    RTM_NEWCHAIN: 100,
    RTM_DELCHAIN: 101,
    RTM_GETCHAIN: 102,
    RTM_NEWNEXTHOP: 104,
    RTM_DELNEXTHOP: 105,
    RTM_GETNEXTHOP: 106,
    RTM_NEWLINKPROP: 108,
    RTM_DELLINKPROP: 109,
    RTM_GETLINKPROP: 110,
    RTM_NEWVLAN: 112,
    RTM_DELVLAN: 113,
    RTM_GETVLAN: 114,
    RTM_NEWNEXTHOPBUCKET: 116,
    RTM_DELNEXTHOPBUCKET: 117,
    RTM_GETNEXTHOPBUCKET: 118,
    RTM_NEWTUNNEL: 120,
    RTM_DELTUNNEL: 121,
    RTM_GETTUNNEL: 122,
  },
};

/** @source uapi linux/if_link.h */
export const linkAttributes: NameSet = {
  prefix: 'IFLA_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_ADDRESS: 1,
    IFLA_BROADCAST: 2,
    IFLA_IFNAME: 3,
    IFLA_MTU: 4,
    IFLA_LINK: 5,
    IFLA_QDISC: 6,
    IFLA_STATS: 7,
    IFLA_COST: 8,
    IFLA_PRIORITY: 9,
    IFLA_MASTER: 10,
    IFLA_WIRELESS: 11,
    IFLA_PROTINFO: 12,
    IFLA_TXQLEN: 13,
    IFLA_MAP: 14,
    IFLA_WEIGHT: 15,
    IFLA_OPERSTATE: 16,
    IFLA_LINKMODE: 17,
    IFLA_LINKINFO: 18,
    IFLA_NET_NS_PID: 19,
    IFLA_IFALIAS: 20,
    IFLA_NUM_VF: 21,
    IFLA_VFINFO_LIST: 22,
    IFLA_STATS64: 23,
    IFLA_VF_PORTS: 24,
    IFLA_PORT_SELF: 25,
    IFLA_AF_SPEC: 26,
    IFLA_GROUP: 27,
    IFLA_NET_NS_FD: 28,
    IFLA_EXT_MASK: 29,
    IFLA_PROMISCUITY: 30,
    IFLA_NUM_TX_QUEUES: 31,
    IFLA_NUM_RX_QUEUES: 32,
    IFLA_CARRIER: 33,
    IFLA_PHYS_PORT_ID: 34,
    IFLA_CARRIER_CHANGES: 35,
    IFLA_PHYS_SWITCH_ID: 36,
    IFLA_LINK_NETNSID: 37,
    IFLA_PHYS_PORT_NAME: 38,
    IFLA_PROTO_DOWN: 39,
    IFLA_GSO_MAX_SEGS: 40,
    IFLA_GSO_MAX_SIZE: 41,
    IFLA_PAD: 42,
    IFLA_XDP: 43,
    IFLA_EVENT: 44,
    IFLA_NEW_NETNSID: 45,
    IFLA_TARGET_NETNSID: 46,
    IFLA_CARRIER_UP_COUNT: 47,
    IFLA_CARRIER_DOWN_COUNT: 48,
    IFLA_NEW_IFINDEX: 49,
    IFLA_MIN_MTU: 50,
    IFLA_MAX_MTU: 51,
    IFLA_PROP_LIST: 52,
    IFLA_ALT_IFNAME: 53,
    IFLA_PERM_ADDRESS: 54,
    IFLA_PROTO_DOWN_REASON: 55,
    IFLA_PARENT_DEV_NAME: 56,
    IFLA_PARENT_DEV_BUS_NAME: 57,
    IFLA_GRO_MAX_SIZE: 58,
    IFLA_TSO_MAX_SIZE: 59,
    IFLA_TSO_MAX_SEGS: 60,
    IFLA_ALLMULTI: 61,
  },
  newer: {
    'linux/if_link.h of Linux 6.18': {
      IFLA_DEVLINK_PORT: 62,
      IFLA_GSO_IPV4_MAX_SIZE: 63,
      IFLA_GRO_IPV4_MAX_SIZE: 64,
      IFLA_DPLL_PIN: 65,
      IFLA_MAX_PACING_OFFLOAD_HORIZON: 66,
      IFLA_NETNS_IMMUTABLE: 67,
      IFLA_HEADROOM: 68,
      IFLA_TAILROOM: 69,
    },
  },
};

/** @source uapi linux/if_link.h */
export const linkInfoAttributes: NameSet = {
  prefix: 'IFLA_INFO_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_INFO_KIND: 1,
    IFLA_INFO_DATA: 2,
    IFLA_INFO_XSTATS: 3,
    IFLA_INFO_SLAVE_KIND: 4,
    IFLA_INFO_SLAVE_DATA: 5,
  },
};

/** @source uapi linux/veth.h */
export const vethAttributes: NameSet = {
  prefix: 'VETH_INFO_',
  source: 'uapi linux/veth.h',
  values: {
    VETH_INFO_PEER: 1,
  },
};

/** @source uapi linux/if_link.h */
export const bridgeAttributes: NameSet = {
  prefix: 'IFLA_BR_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_BR_FORWARD_DELAY: 1,
    IFLA_BR_HELLO_TIME: 2,
    IFLA_BR_AGEING_TIME: 4,
    IFLA_BR_STP_STATE: 5,
    IFLA_BR_PRIORITY: 6,
    IFLA_BR_VLAN_FILTERING: 7,
    IFLA_BR_VLAN_PROTOCOL: 8,
    IFLA_BR_GROUP_FWD_MASK: 9,
    IFLA_BR_ROOT_ID: 10,
    IFLA_BR_BRIDGE_ID: 11,
    IFLA_BR_ROOT_PORT: 12,
    IFLA_BR_ROOT_PATH_COST: 13,
    IFLA_BR_TOPOLOGY_CHANGE: 14,
    IFLA_BR_TOPOLOGY_CHANGE_DETECTED: 15,
    IFLA_BR_HELLO_TIMER: 16,
    IFLA_BR_TCN_TIMER: 17,
    IFLA_BR_TOPOLOGY_CHANGE_TIMER: 18,
    IFLA_BR_GC_TIMER: 19,
    IFLA_BR_GROUP_ADDR: 20,
    IFLA_BR_FDB_FLUSH: 21,
    IFLA_BR_MCAST_ROUTER: 22,
    IFLA_BR_MCAST_SNOOPING: 23,
    IFLA_BR_MCAST_QUERY_USE_IFADDR: 24,
    IFLA_BR_MCAST_QUERIER: 25,
    IFLA_BR_MCAST_HASH_ELASTICITY: 26,
    IFLA_BR_MCAST_LAST_MEMBER_CNT: 28,
    IFLA_BR_MCAST_STARTUP_QUERY_CNT: 29,
    IFLA_BR_MCAST_LAST_MEMBER_INTVL: 30,
    IFLA_BR_MCAST_MEMBERSHIP_INTVL: 31,
    IFLA_BR_MCAST_QUERIER_INTVL: 32,
    IFLA_BR_MCAST_QUERY_INTVL: 33,
    IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: 34,
    IFLA_BR_MCAST_STARTUP_QUERY_INTVL: 35,
    IFLA_BR_NF_CALL_IPTABLES: 36,
    IFLA_BR_NF_CALL_IP6TABLES: 37,
    IFLA_BR_NF_CALL_ARPTABLES: 38,
    IFLA_BR_VLAN_DEFAULT_PVID: 39,
    IFLA_BR_PAD: 40,
    IFLA_BR_VLAN_STATS_ENABLED: 41,
    IFLA_BR_MCAST_STATS_ENABLED: 42,
    IFLA_BR_MCAST_IGMP_VERSION: 43,
    IFLA_BR_MCAST_MLD_VERSION: 44,
    IFLA_BR_VLAN_STATS_PER_PORT: 45,
    IFLA_BR_MULTI_BOOLOPT: 46,
    IFLA_BR_MCAST_QUERIER_STATE: 47,
  },
};

/** @source uapi linux/if_link.h */
export const bridgePortAttributes: NameSet = {
  prefix: 'IFLA_BRPORT_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_BRPORT_STATE: 1,
    IFLA_BRPORT_PRIORITY: 2,
    IFLA_BRPORT_COST: 3,
    IFLA_BRPORT_MODE: 4,
    IFLA_BRPORT_GUARD: 5,
    IFLA_BRPORT_PROTECT: 6,
    IFLA_BRPORT_FAST_LEAVE: 7,
    IFLA_BRPORT_LEARNING: 8,
    IFLA_BRPORT_UNICAST_FLOOD: 9,
    IFLA_BRPORT_PROXYARP: 10,
    IFLA_BRPORT_LEARNING_SYNC: 11,
    IFLA_BRPORT_PROXYARP_WIFI: 12,
    IFLA_BRPORT_ROOT_ID: 13,
    IFLA_BRPORT_BRIDGE_ID: 14,
    IFLA_BRPORT_DESIGNATED_PORT: 15,
    IFLA_BRPORT_DESIGNATED_COST: 16,
    IFLA_BRPORT_ID: 17,
    IFLA_BRPORT_NO: 18,
    IFLA_BRPORT_TOPOLOGY_CHANGE_ACK: 19,
    IFLA_BRPORT_CONFIG_PENDING: 20,
    IFLA_BRPORT_MESSAGE_AGE_TIMER: 21,
    IFLA_BRPORT_FORWARD_DELAY_TIMER: 22,
    IFLA_BRPORT_HOLD_TIMER: 23,
    IFLA_BRPORT_FLUSH: 24,
    IFLA_BRPORT_MULTICAST_ROUTER: 25,
    IFLA_BRPORT_PAD: 26,
    IFLA_BRPORT_MCAST_FLOOD: 27,
    IFLA_BRPORT_MCAST_TO_UCAST: 28,
    IFLA_BRPORT_VLAN_TUNNEL: 29,
    IFLA_BRPORT_BCAST_FLOOD: 30,
    IFLA_BRPORT_GROUP_FWD_MASK: 31,
    IFLA_BRPORT_NEIGH_SUPPRESS: 32,
    IFLA_BRPORT_ISOLATED: 33,
    IFLA_BRPORT_BACKUP_PORT: 34,
    IFLA_BRPORT_MRP_RING_OPEN: 35,
    IFLA_BRPORT_MRP_IN_OPEN: 36,
    IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT: 37,
    IFLA_BRPORT_MCAST_EHT_HOSTS_CNT: 38,
    IFLA_BRPORT_LOCKED: 39,
  },
};

/** @source uapi linux/if_link.h */
export const vlanAttributes: NameSet = {
  prefix: 'IFLA_VLAN_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_VLAN_ID: 1,
    IFLA_VLAN_FLAGS: 2,
    IFLA_VLAN_EGRESS_QOS: 3,
    IFLA_VLAN_INGRESS_QOS: 4,
    IFLA_VLAN_PROTOCOL: 5,
  },
};

/** @source uapi linux/if_link.h */
export const macvlanAttributes: NameSet = {
  prefix: 'IFLA_MACVLAN_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_MACVLAN_MODE: 1,
    IFLA_MACVLAN_FLAGS: 2,
    IFLA_MACVLAN_MACADDR_MODE: 3,
    IFLA_MACVLAN_MACADDR: 4,
    IFLA_MACVLAN_MACADDR_DATA: 5,
    IFLA_MACVLAN_MACADDR_COUNT: 6,
    IFLA_MACVLAN_BC_QUEUE_LEN: 7,
    IFLA_MACVLAN_BC_QUEUE_LEN_USED: 8,
  },
};

/** @source uapi linux/if_link.h */
export const ipvlanAttributes: NameSet = {
  prefix: 'IFLA_IPVLAN_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_IPVLAN_MODE: 1,
    IFLA_IPVLAN_FLAGS: 2,
  },
};

/** @source uapi linux/if_link.h */
export const vxlanAttributes: NameSet = {
  prefix: 'IFLA_VXLAN_',
  source: 'uapi linux/if_link.h',
  values: {
    IFLA_VXLAN_ID: 1,
    IFLA_VXLAN_GROUP: 2,
    IFLA_VXLAN_LINK: 3,
    IFLA_VXLAN_LOCAL: 4,
    IFLA_VXLAN_TTL: 5,
    IFLA_VXLAN_TOS: 6,
    IFLA_VXLAN_LEARNING: 7,
    IFLA_VXLAN_AGEING: 8,
    IFLA_VXLAN_LIMIT: 9,
    IFLA_VXLAN_PORT_RANGE: 10,
    IFLA_VXLAN_PROXY: 11,
    IFLA_VXLAN_RSC: 12,
    IFLA_VXLAN_L2MISS: 13,
    IFLA_VXLAN_L3MISS: 14,
    IFLA_VXLAN_PORT: 15,
    IFLA_VXLAN_GROUP6: 16,
    IFLA_VXLAN_LOCAL6: 17,
    IFLA_VXLAN_UDP_CSUM: 18,
    IFLA_VXLAN_UDP_ZERO_CSUM6_TX: 19,
    IFLA_VXLAN_UDP_ZERO_CSUM6_RX: 20,
    IFLA_VXLAN_REMCSUM_TX: 21,
    IFLA_VXLAN_REMCSUM_RX: 22,
    IFLA_VXLAN_GBP: 23,
    IFLA_VXLAN_REMCSUM_NOPARTIAL: 24,
    IFLA_VXLAN_COLLECT_METADATA: 25,
    IFLA_VXLAN_LABEL: 26,
    IFLA_VXLAN_GPE: 27,
    IFLA_VXLAN_TTL_INHERIT: 28,
    IFLA_VXLAN_DF: 29,
    IFLA_VXLAN_VNIFILTER: 30,
  },
};

/** @source uapi linux/if_bridge.h */
export const bridgeSpecAttributes: NameSet = {
  prefix: 'IFLA_BRIDGE_',
  source: 'uapi linux/if_bridge.h',
  values: {
    IFLA_BRIDGE_FLAGS: 0,
    IFLA_BRIDGE_MODE: 1,
    IFLA_BRIDGE_VLAN_INFO: 2,
    IFLA_BRIDGE_VLAN_TUNNEL_INFO: 3,
    IFLA_BRIDGE_MRP: 4,
    IFLA_BRIDGE_CFM: 5,
    IFLA_BRIDGE_MST: 6,
  },
};

/** @source uapi linux/rtnetlink.h */
export const extendedMask: NameSet = {
  prefix: 'RTEXT_FILTER_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTEXT_FILTER_VF: 1,
    RTEXT_FILTER_BRVLAN: 2,
    RTEXT_FILTER_BRVLAN_COMPRESSED: 4,
    RTEXT_FILTER_SKIP_STATS: 8,
    RTEXT_FILTER_MRP: 0x10,
    RTEXT_FILTER_CFM_CONFIG: 0x20,
    RTEXT_FILTER_CFM_STATUS: 0x40,
    RTEXT_FILTER_MST: 0x80,
  },
};

/** @source uapi linux/if.h */
export const operationalStates: NameSet = {
  prefix: 'IF_OPER_',
  source: 'uapi linux/if.h',
  values: {
    IF_OPER_UNKNOWN: 0,
    IF_OPER_NOTPRESENT: 1,
    IF_OPER_DOWN: 2,
    IF_OPER_LOWERLAYERDOWN: 3,
    IF_OPER_TESTING: 4,
    IF_OPER_DORMANT: 5,
    IF_OPER_UP: 6,
  },
};

/** @source uapi linux/if.h */
export const linkFlags: NameSet = {
  prefix: 'IFF_',
  source: 'uapi linux/if.h',
  values: {
    IFF_UP: 1,
    IFF_BROADCAST: 2,
    IFF_DEBUG: 4,
    IFF_LOOPBACK: 8,
    IFF_POINTOPOINT: 0x10,
    IFF_NOTRAILERS: 0x20,
    IFF_RUNNING: 0x40,
    IFF_NOARP: 0x80,
    IFF_PROMISC: 0x100,
    IFF_ALLMULTI: 0x200,
    IFF_MASTER: 0x400,
    IFF_SLAVE: 0x800,
    IFF_MULTICAST: 0x1000,
    IFF_PORTSEL: 0x2000,
    IFF_AUTOMEDIA: 0x4000,
    IFF_DYNAMIC: 0x8000,
    IFF_LOWER_UP: 0x10000,
    IFF_DORMANT: 0x20000,
    IFF_ECHO: 0x40000,
    IFF_VOLATILE: 0x70c5a,
  },
};

/** @source uapi linux/if_addr.h */
export const addressAttributes: NameSet = {
  prefix: 'IFA_',
  source: 'uapi linux/if_addr.h',
  values: {
    IFA_ADDRESS: 1,
    IFA_LOCAL: 2,
    IFA_LABEL: 3,
    IFA_BROADCAST: 4,
    IFA_ANYCAST: 5,
    IFA_CACHEINFO: 6,
    IFA_MULTICAST: 7,
    IFA_FLAGS: 8,
    IFA_RT_PRIORITY: 9,
    IFA_TARGET_NETNSID: 10,
    IFA_PROTO: 11,
  },
};

/** @source uapi linux/if_addr.h */
export const addressFlags: NameSet = {
  prefix: 'IFA_F_',
  source: 'uapi linux/if_addr.h',
  values: {
    IFA_F_SECONDARY: 1,
    IFA_F_NODAD: 2,
    IFA_F_OPTIMISTIC: 4,
    IFA_F_DADFAILED: 8,
    IFA_F_HOMEADDRESS: 0x10,
    IFA_F_DEPRECATED: 0x20,
    IFA_F_TENTATIVE: 0x40,
    IFA_F_PERMANENT: 0x80,
    IFA_F_MANAGETEMPADDR: 0x100,
    IFA_F_NOPREFIXROUTE: 0x200,
    IFA_F_MCAUTOJOIN: 0x400,
    IFA_F_STABLE_PRIVACY: 0x800,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeAttributes: NameSet = {
  prefix: 'RTA_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTA_DST: 1,
    RTA_SRC: 2,
    RTA_IIF: 3,
    RTA_OIF: 4,
    RTA_GATEWAY: 5,
    RTA_PRIORITY: 6,
    RTA_PREFSRC: 7,
    RTA_METRICS: 8,
    RTA_MULTIPATH: 9,
    RTA_PROTOINFO: 10,
    RTA_FLOW: 11,
    RTA_CACHEINFO: 12,
    RTA_SESSION: 13,
    RTA_MP_ALGO: 14,
    RTA_TABLE: 15,
    RTA_MARK: 16,
    RTA_MFC_STATS: 17,
    RTA_VIA: 18,
    RTA_NEWDST: 19,
    RTA_PREF: 20,
    RTA_ENCAP_TYPE: 21,
    RTA_ENCAP: 22,
    RTA_EXPIRES: 23,
    RTA_PAD: 24,
    RTA_UID: 25,
    RTA_TTL_PROPAGATE: 26,
    RTA_IP_PROTO: 27,
    RTA_SPORT: 28,
    RTA_DPORT: 29,
    RTA_NH_ID: 30,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeTables: NameSet = {
  prefix: 'RT_TABLE_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RT_TABLE_UNSPEC: 0,
    RT_TABLE_COMPAT: 252,
    RT_TABLE_DEFAULT: 253,
    RT_TABLE_MAIN: 254,
    RT_TABLE_LOCAL: 255,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeProtocols: NameSet = {
  prefix: 'RTPROT_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTPROT_UNSPEC: 0,
    RTPROT_REDIRECT: 1,
    RTPROT_KERNEL: 2,
    RTPROT_BOOT: 3,
    RTPROT_STATIC: 4,
    RTPROT_GATED: 8,
    RTPROT_RA: 9,
    RTPROT_MRT: 10,
    RTPROT_ZEBRA: 11,
    RTPROT_BIRD: 12,
    RTPROT_DNROUTED: 13,
    RTPROT_XORP: 14,
    RTPROT_NTK: 15,
    RTPROT_DHCP: 16,
    RTPROT_MROUTED: 17,
    RTPROT_KEEPALIVED: 18,
    RTPROT_BABEL: 42,
    RTPROT_OPENR: 99,
    RTPROT_BGP: 186,
    RTPROT_ISIS: 187,
    RTPROT_OSPF: 188,
    RTPROT_RIP: 189,
    RTPROT_EIGRP: 192,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeScopes: NameSet = {
  prefix: 'RT_SCOPE_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RT_SCOPE_UNIVERSE: 0,
    RT_SCOPE_SITE: 200,
    RT_SCOPE_LINK: 253,
    RT_SCOPE_HOST: 254,
    RT_SCOPE_NOWHERE: 255,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeTypes: NameSet = {
  prefix: 'RTN_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTN_UNSPEC: 0,
    RTN_UNICAST: 1,
    RTN_LOCAL: 2,
    RTN_BROADCAST: 3,
    RTN_ANYCAST: 4,
    RTN_MULTICAST: 5,
    RTN_BLACKHOLE: 6,
    RTN_UNREACHABLE: 7,
    RTN_PROHIBIT: 8,
    RTN_THROW: 9,
    RTN_NAT: 10,
    RTN_XRESOLVE: 11,
  },
};

/** @source uapi linux/rtnetlink.h */
export const routeFlags: NameSet = {
  prefix: 'RTM_F_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    RTNH_F_DEAD: 1,
    RTNH_F_PERVASIVE: 2,
    RTNH_F_ONLINK: 4,
    RTNH_F_OFFLOAD: 8,
    RTNH_F_LINKDOWN: 0x10,
    RTNH_F_UNRESOLVED: 0x20,
    RTNH_F_TRAP: 0x40,
    RTM_F_NOTIFY: 0x100,
    RTM_F_CLONED: 0x200,
    RTM_F_EQUALIZE: 0x400,
    RTM_F_PREFIX: 0x800,
    RTM_F_LOOKUP_TABLE: 0x1000,
    RTM_F_FIB_MATCH: 0x2000,
    RTM_F_OFFLOAD: 0x4000,
    RTM_F_TRAP: 0x8000,
    RTM_F_OFFLOAD_FAILED: 0x20000000,
  },
};

/** @source uapi linux/neighbour.h */
export const neighbourAttributes: NameSet = {
  prefix: 'NDA_',
  source: 'uapi linux/neighbour.h',
  values: {
    NDA_DST: 1,
    NDA_LLADDR: 2,
    NDA_CACHEINFO: 3,
    NDA_PROBES: 4,
    NDA_VLAN: 5,
    NDA_PORT: 6,
    NDA_VNI: 7,
    NDA_IFINDEX: 8,
    NDA_MASTER: 9,
    NDA_LINK_NETNSID: 10,
    NDA_SRC_VNI: 11,
    NDA_PROTOCOL: 12,
    NDA_NH_ID: 13,
    NDA_FDB_EXT_ATTRS: 14,
    NDA_FLAGS_EXT: 15,
    NDA_NDM_STATE_MASK: 16,
    NDA_NDM_FLAGS_MASK: 17,
  },
};

/** @source uapi linux/neighbour.h */
export const neighbourStates: NameSet = {
  prefix: 'NUD_',
  source: 'uapi linux/neighbour.h',
  values: {
    NUD_NONE: 0,
    NUD_INCOMPLETE: 1,
    NUD_REACHABLE: 2,
    NUD_STALE: 4,
    NUD_DELAY: 8,
    NUD_PROBE: 0x10,
    NUD_FAILED: 0x20,
    NUD_NOARP: 0x40,
    NUD_PERMANENT: 0x80,
  },
};

/** @source uapi linux/neighbour.h */
export const neighbourFlags: NameSet = {
  prefix: 'NTF_',
  source: 'uapi linux/neighbour.h',
  values: {
    NTF_USE: 1,
    NTF_SELF: 2,
    NTF_MASTER: 4,
    NTF_PROXY: 8,
    NTF_OFFLOADED: 0x20,
    NTF_STICKY: 0x40,
    NTF_ROUTER: 0x80,
  },
};

/** @source uapi linux/fib_rules.h */
export const ruleAttributes: NameSet = {
  prefix: 'FRA_',
  source: 'uapi linux/fib_rules.h',
  values: {
    FRA_DST: 1,
    FRA_SRC: 2,
    FRA_IIFNAME: 3,
    FRA_GOTO: 4,
    FRA_UNUSED2: 5,
    FRA_PRIORITY: 6,
    FRA_FWMARK: 10,
    FRA_FLOW: 11,
    FRA_TUN_ID: 12,
    FRA_SUPPRESS_IFGROUP: 13,
    FRA_SUPPRESS_PREFIXLEN: 14,
    FRA_TABLE: 15,
    FRA_FWMASK: 16,
    FRA_OIFNAME: 17,
    FRA_PAD: 18,
    FRA_L3MDEV: 19,
    FRA_UID_RANGE: 20,
    FRA_PROTOCOL: 21,
    FRA_IP_PROTO: 22,
    FRA_SPORT_RANGE: 23,
    FRA_DPORT_RANGE: 24,
  },
};

/** @source uapi linux/fib_rules.h */
export const ruleActions: NameSet = {
  prefix: 'FR_ACT_',
  source: 'uapi linux/fib_rules.h',
  values: {
    FR_ACT_UNSPEC: 0,
    FR_ACT_TO_TBL: 1,
    FR_ACT_GOTO: 2,
    FR_ACT_NOP: 3,
    FR_ACT_BLACKHOLE: 6,
    FR_ACT_UNREACHABLE: 7,
    FR_ACT_PROHIBIT: 8,
  },
};

/** @source uapi linux/net_namespace.h */
export const namespaceIdAttributes: NameSet = {
  prefix: 'NETNSA_',
  source: 'uapi linux/net_namespace.h',
  values: {
    NETNSA_NSID: 1,
    NETNSA_PID: 2,
    NETNSA_FD: 3,
    NETNSA_TARGET_NSID: 4,
    NETNSA_CURRENT_NSID: 5,
  },
};

/** @source uapi linux/rtnetlink.h */
export const trafficAttributes: NameSet = {
  prefix: 'TCA_',
  source: 'uapi linux/rtnetlink.h',
  values: {
    TCA_KIND: 1,
    TCA_OPTIONS: 2,
    TCA_STATS: 3,
    TCA_XSTATS: 4,
    TCA_RATE: 5,
    TCA_FCNT: 6,
    TCA_STATS2: 7,
    TCA_STAB: 8,
    TCA_PAD: 9,
    TCA_DUMP_INVISIBLE: 10,
    TCA_CHAIN: 11,
    TCA_HW_OFFLOAD: 12,
    TCA_INGRESS_BLOCK: 13,
    TCA_EGRESS_BLOCK: 14,
  },
};
