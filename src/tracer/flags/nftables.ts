// Netfilter over netlink: its subsystems, and the messages and attributes of nf_tables.
import type { NameSet } from './names.ts';

/** @source uapi linux/netfilter/nfnetlink.h */
export const netfilterSubsystems: NameSet = {
  prefix: 'NFNL_SUBSYS_',
  source: 'uapi linux/netfilter/nfnetlink.h',
  values: {
    NFNL_SUBSYS_NONE: 0,
    NFNL_SUBSYS_CTNETLINK: 1,
    NFNL_SUBSYS_CTNETLINK_EXP: 2,
    NFNL_SUBSYS_QUEUE: 3,
    NFNL_SUBSYS_ULOG: 4,
    NFNL_SUBSYS_OSF: 5,
    NFNL_SUBSYS_IPSET: 6,
    NFNL_SUBSYS_ACCT: 7,
    NFNL_SUBSYS_CTNETLINK_TIMEOUT: 8,
    NFNL_SUBSYS_CTHELPER: 9,
    NFNL_SUBSYS_NFTABLES: 10,
    NFNL_SUBSYS_NFT_COMPAT: 11,
    NFNL_SUBSYS_HOOK: 12,
  },
};

/** @source uapi linux/netlink.h, linux/netfilter/nfnetlink.h */
export const netfilterBatch: NameSet = {
  prefix: 'NFNL_MSG_BATCH_',
  source: 'uapi linux/netlink.h, linux/netfilter/nfnetlink.h',
  values: {
    NFNL_MSG_BATCH_BEGIN: 16,
    NFNL_MSG_BATCH_END: 17,
  },
};

/** @source uapi linux/netlink.h, linux/netfilter/nfnetlink.h */
export const batchAttributes: NameSet = {
  prefix: 'NFNL_BATCH_',
  source: 'uapi linux/netlink.h, linux/netfilter/nfnetlink.h',
  values: {
    NFNL_BATCH_GENID: 1,
  },
};

/** @source uapi linux/netfilter.h */
export const netfilterFamilies: NameSet = {
  prefix: 'NFPROTO_',
  source: 'uapi linux/netfilter.h',
  values: {
    NFPROTO_UNSPEC: 0,
    NFPROTO_INET: 1,
    NFPROTO_IPV4: 2,
    NFPROTO_ARP: 3,
    NFPROTO_NETDEV: 5,
    NFPROTO_BRIDGE: 7,
    NFPROTO_IPV6: 10,
  },
};

/** @source uapi linux/netfilter.h */
export const hookNumbers: NameSet = {
  prefix: 'NF_INET_',
  source: 'uapi linux/netfilter.h',
  values: {
    NF_INET_PRE_ROUTING: 0,
    NF_INET_LOCAL_IN: 1,
    NF_INET_FORWARD: 2,
    NF_INET_LOCAL_OUT: 3,
    NF_INET_POST_ROUTING: 4,
    NF_INET_INGRESS: 5,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const tableMessages: NameSet = {
  prefix: 'NFT_MSG_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFT_MSG_NEWTABLE: 0,
    NFT_MSG_GETTABLE: 1,
    NFT_MSG_DELTABLE: 2,
    NFT_MSG_NEWCHAIN: 3,
    NFT_MSG_GETCHAIN: 4,
    NFT_MSG_DELCHAIN: 5,
    NFT_MSG_NEWRULE: 6,
    NFT_MSG_GETRULE: 7,
    NFT_MSG_DELRULE: 8,
    NFT_MSG_NEWSET: 9,
    NFT_MSG_GETSET: 10,
    NFT_MSG_DELSET: 11,
    NFT_MSG_NEWSETELEM: 12,
    NFT_MSG_GETSETELEM: 13,
    NFT_MSG_DELSETELEM: 14,
    NFT_MSG_NEWGEN: 15,
    NFT_MSG_GETGEN: 16,
    NFT_MSG_TRACE: 17,
    NFT_MSG_NEWOBJ: 18,
    NFT_MSG_GETOBJ: 19,
    NFT_MSG_DELOBJ: 20,
    NFT_MSG_GETOBJ_RESET: 21,
    NFT_MSG_NEWFLOWTABLE: 22,
    NFT_MSG_GETFLOWTABLE: 23,
    NFT_MSG_DELFLOWTABLE: 24,
  },
  newer: {
    'linux/netfilter/nf_tables.h of Linux 6.18': {
      NFT_MSG_DESTROYTABLE: 26,
      NFT_MSG_DESTROYCHAIN: 27,
      NFT_MSG_DESTROYRULE: 28,
      NFT_MSG_DESTROYSET: 29,
      NFT_MSG_DESTROYSETELEM: 30,
      NFT_MSG_DESTROYOBJ: 31,
      NFT_MSG_DESTROYFLOWTABLE: 32,
      NFT_MSG_GETSETELEM_RESET: 33,
    },
  },
};

/** @source uapi linux/netfilter/nfnetlink_conntrack.h */
export const conntrackMessages: NameSet = {
  prefix: 'IPCTNL_MSG_CT_',
  source: 'uapi linux/netfilter/nfnetlink_conntrack.h',
  values: {
    IPCTNL_MSG_CT_NEW: 0,
    IPCTNL_MSG_CT_GET: 1,
    IPCTNL_MSG_CT_DELETE: 2,
    IPCTNL_MSG_CT_GET_CTRZERO: 3,
    IPCTNL_MSG_CT_GET_STATS_CPU: 4,
    IPCTNL_MSG_CT_GET_STATS: 5,
    IPCTNL_MSG_CT_GET_DYING: 6,
    IPCTNL_MSG_CT_GET_UNCONFIRMED: 7,
  },
};

/** @source uapi linux/netfilter/nf_tables_compat.h */
export const compatMessages: NameSet = {
  prefix: 'NFNL_MSG_COMPAT_',
  source: 'uapi linux/netfilter/nf_tables_compat.h',
  values: {
    NFNL_MSG_COMPAT_GET: 0,
  },
};

/** @source uapi linux/netfilter/nf_tables_compat.h */
export const compatAttributes: NameSet = {
  prefix: 'NFTA_COMPAT_',
  source: 'uapi linux/netfilter/nf_tables_compat.h',
  values: {
    NFTA_COMPAT_NAME: 1,
    NFTA_COMPAT_REV: 2,
    NFTA_COMPAT_TYPE: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const tableAttributes: NameSet = {
  prefix: 'NFTA_TABLE_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_TABLE_NAME: 1,
    NFTA_TABLE_FLAGS: 2,
    NFTA_TABLE_USE: 3,
    NFTA_TABLE_HANDLE: 4,
    NFTA_TABLE_PAD: 5,
    NFTA_TABLE_USERDATA: 6,
    NFTA_TABLE_OWNER: 7,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const chainAttributes: NameSet = {
  prefix: 'NFTA_CHAIN_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_CHAIN_TABLE: 1,
    NFTA_CHAIN_HANDLE: 2,
    NFTA_CHAIN_NAME: 3,
    NFTA_CHAIN_HOOK: 4,
    NFTA_CHAIN_POLICY: 5,
    NFTA_CHAIN_USE: 6,
    NFTA_CHAIN_TYPE: 7,
    NFTA_CHAIN_COUNTERS: 8,
    NFTA_CHAIN_PAD: 9,
    NFTA_CHAIN_FLAGS: 10,
    NFTA_CHAIN_ID: 11,
    NFTA_CHAIN_USERDATA: 12,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const hookAttributes: NameSet = {
  prefix: 'NFTA_HOOK_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_HOOK_HOOKNUM: 1,
    NFTA_HOOK_PRIORITY: 2,
    NFTA_HOOK_DEV: 3,
    NFTA_HOOK_DEVS: 4,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const ruleAttributes: NameSet = {
  prefix: 'NFTA_RULE_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_RULE_TABLE: 1,
    NFTA_RULE_CHAIN: 2,
    NFTA_RULE_HANDLE: 3,
    NFTA_RULE_EXPRESSIONS: 4,
    NFTA_RULE_COMPAT: 5,
    NFTA_RULE_POSITION: 6,
    NFTA_RULE_USERDATA: 7,
    NFTA_RULE_PAD: 8,
    NFTA_RULE_ID: 9,
    NFTA_RULE_POSITION_ID: 10,
    NFTA_RULE_CHAIN_ID: 11,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const ruleCompatAttributes: NameSet = {
  prefix: 'NFTA_RULE_COMPAT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_RULE_COMPAT_PROTO: 1,
    NFTA_RULE_COMPAT_FLAGS: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const setAttributes: NameSet = {
  prefix: 'NFTA_SET_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_SET_TABLE: 1,
    NFTA_SET_NAME: 2,
    NFTA_SET_FLAGS: 3,
    NFTA_SET_KEY_TYPE: 4,
    NFTA_SET_KEY_LEN: 5,
    NFTA_SET_DATA_TYPE: 6,
    NFTA_SET_DATA_LEN: 7,
    NFTA_SET_POLICY: 8,
    NFTA_SET_DESC: 9,
    NFTA_SET_ID: 10,
    NFTA_SET_TIMEOUT: 11,
    NFTA_SET_GC_INTERVAL: 12,
    NFTA_SET_USERDATA: 13,
    NFTA_SET_PAD: 14,
    NFTA_SET_OBJ_TYPE: 15,
    NFTA_SET_HANDLE: 16,
    NFTA_SET_EXPR: 17,
    NFTA_SET_EXPRESSIONS: 18,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const elementListAttributes: NameSet = {
  prefix: 'NFTA_SET_ELEM_LIST_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_SET_ELEM_LIST_TABLE: 1,
    NFTA_SET_ELEM_LIST_SET: 2,
    NFTA_SET_ELEM_LIST_ELEMENTS: 3,
    NFTA_SET_ELEM_LIST_SET_ID: 4,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const elementAttributes: NameSet = {
  prefix: 'NFTA_SET_ELEM_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_SET_ELEM_KEY: 1,
    NFTA_SET_ELEM_DATA: 2,
    NFTA_SET_ELEM_FLAGS: 3,
    NFTA_SET_ELEM_TIMEOUT: 4,
    NFTA_SET_ELEM_EXPIRATION: 5,
    NFTA_SET_ELEM_USERDATA: 6,
    NFTA_SET_ELEM_EXPR: 7,
    NFTA_SET_ELEM_PAD: 8,
    NFTA_SET_ELEM_OBJREF: 9,
    NFTA_SET_ELEM_KEY_END: 10,
    NFTA_SET_ELEM_EXPRESSIONS: 11,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const generationAttributes: NameSet = {
  prefix: 'NFTA_GEN_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_GEN_ID: 1,
    NFTA_GEN_PROC_PID: 2,
    NFTA_GEN_PROC_NAME: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const objectAttributes: NameSet = {
  prefix: 'NFTA_OBJ_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_OBJ_TABLE: 1,
    NFTA_OBJ_NAME: 2,
    NFTA_OBJ_TYPE: 3,
    NFTA_OBJ_DATA: 4,
    NFTA_OBJ_USE: 5,
    NFTA_OBJ_HANDLE: 6,
    NFTA_OBJ_PAD: 7,
    NFTA_OBJ_USERDATA: 8,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const flowtableAttributes: NameSet = {
  prefix: 'NFTA_FLOWTABLE_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_FLOWTABLE_TABLE: 1,
    NFTA_FLOWTABLE_NAME: 2,
    NFTA_FLOWTABLE_HOOK: 3,
    NFTA_FLOWTABLE_USE: 4,
    NFTA_FLOWTABLE_HANDLE: 5,
    NFTA_FLOWTABLE_PAD: 6,
    NFTA_FLOWTABLE_FLAGS: 7,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const listAttributes: NameSet = {
  prefix: 'NFTA_LIST_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_LIST_ELEM: 1,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const expressionAttributes: NameSet = {
  prefix: 'NFTA_EXPR_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_EXPR_NAME: 1,
    NFTA_EXPR_DATA: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const dataAttributes: NameSet = {
  prefix: 'NFTA_DATA_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_DATA_VALUE: 1,
    NFTA_DATA_VERDICT: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const verdictAttributes: NameSet = {
  prefix: 'NFTA_VERDICT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_VERDICT_CODE: 1,
    NFTA_VERDICT_CHAIN: 2,
    NFTA_VERDICT_CHAIN_ID: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const immediateAttributes: NameSet = {
  prefix: 'NFTA_IMMEDIATE_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_IMMEDIATE_DREG: 1,
    NFTA_IMMEDIATE_DATA: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const compareAttributes: NameSet = {
  prefix: 'NFTA_CMP_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_CMP_SREG: 1,
    NFTA_CMP_OP: 2,
    NFTA_CMP_DATA: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const compareOperations: NameSet = {
  prefix: 'NFT_CMP_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFT_CMP_EQ: 0,
    NFT_CMP_NEQ: 1,
    NFT_CMP_LT: 2,
    NFT_CMP_LTE: 3,
    NFT_CMP_GT: 4,
    NFT_CMP_GTE: 5,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const metaAttributes: NameSet = {
  prefix: 'NFTA_META_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_META_DREG: 1,
    NFTA_META_KEY: 2,
    NFTA_META_SREG: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const metaKeys: NameSet = {
  prefix: 'NFT_META_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFT_META_LEN: 0,
    NFT_META_PROTOCOL: 1,
    NFT_META_PRIORITY: 2,
    NFT_META_MARK: 3,
    NFT_META_IIF: 4,
    NFT_META_OIF: 5,
    NFT_META_IIFNAME: 6,
    NFT_META_OIFNAME: 7,
    NFT_META_IIFTYPE: 8,
    NFT_META_OIFTYPE: 9,
    NFT_META_SKUID: 10,
    NFT_META_SKGID: 11,
    NFT_META_NFTRACE: 12,
    NFT_META_RTCLASSID: 13,
    NFT_META_SECMARK: 14,
    NFT_META_NFPROTO: 15,
    NFT_META_L4PROTO: 16,
    NFT_META_BRI_IIFNAME: 17,
    NFT_META_BRI_OIFNAME: 18,
    NFT_META_PKTTYPE: 19,
    NFT_META_CPU: 20,
    NFT_META_IIFGROUP: 21,
    NFT_META_OIFGROUP: 22,
    NFT_META_CGROUP: 23,
    NFT_META_PRANDOM: 24,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const payloadAttributes: NameSet = {
  prefix: 'NFTA_PAYLOAD_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_PAYLOAD_DREG: 1,
    NFTA_PAYLOAD_BASE: 2,
    NFTA_PAYLOAD_OFFSET: 3,
    NFTA_PAYLOAD_LEN: 4,
    NFTA_PAYLOAD_SREG: 5,
    NFTA_PAYLOAD_CSUM_TYPE: 6,
    NFTA_PAYLOAD_CSUM_OFFSET: 7,
    NFTA_PAYLOAD_CSUM_FLAGS: 8,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const payloadBases: NameSet = {
  prefix: 'NFT_PAYLOAD_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFT_PAYLOAD_LL_HEADER: 0,
    NFT_PAYLOAD_NETWORK_HEADER: 1,
    NFT_PAYLOAD_TRANSPORT_HEADER: 2,
    NFT_PAYLOAD_INNER_HEADER: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const bitwiseAttributes: NameSet = {
  prefix: 'NFTA_BITWISE_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_BITWISE_SREG: 1,
    NFTA_BITWISE_DREG: 2,
    NFTA_BITWISE_LEN: 3,
    NFTA_BITWISE_MASK: 4,
    NFTA_BITWISE_XOR: 5,
    NFTA_BITWISE_OP: 6,
    NFTA_BITWISE_DATA: 7,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const counterAttributes: NameSet = {
  prefix: 'NFTA_COUNTER_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_COUNTER_BYTES: 1,
    NFTA_COUNTER_PACKETS: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const natAttributes: NameSet = {
  prefix: 'NFTA_NAT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_NAT_TYPE: 1,
    NFTA_NAT_FAMILY: 2,
    NFTA_NAT_REG_ADDR_MIN: 3,
    NFTA_NAT_REG_ADDR_MAX: 4,
    NFTA_NAT_REG_PROTO_MIN: 5,
    NFTA_NAT_REG_PROTO_MAX: 6,
    NFTA_NAT_FLAGS: 7,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const natTypes: NameSet = {
  prefix: 'NFT_NAT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFT_NAT_SNAT: 0,
    NFT_NAT_DNAT: 1,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const lookupAttributes: NameSet = {
  prefix: 'NFTA_LOOKUP_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_LOOKUP_SET: 1,
    NFTA_LOOKUP_SREG: 2,
    NFTA_LOOKUP_DREG: 3,
    NFTA_LOOKUP_SET_ID: 4,
    NFTA_LOOKUP_FLAGS: 5,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const fibAttributes: NameSet = {
  prefix: 'NFTA_FIB_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_FIB_DREG: 1,
    NFTA_FIB_RESULT: 2,
    NFTA_FIB_FLAGS: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const conntrackAttributes: NameSet = {
  prefix: 'NFTA_CT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_CT_DREG: 1,
    NFTA_CT_KEY: 2,
    NFTA_CT_DIRECTION: 3,
    NFTA_CT_SREG: 4,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const masqueradeAttributes: NameSet = {
  prefix: 'NFTA_MASQ_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_MASQ_FLAGS: 1,
    NFTA_MASQ_REG_PROTO_MIN: 2,
    NFTA_MASQ_REG_PROTO_MAX: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables.h */
export const rejectAttributes: NameSet = {
  prefix: 'NFTA_REJECT_',
  source: 'uapi linux/netfilter/nf_tables.h',
  values: {
    NFTA_REJECT_TYPE: 1,
    NFTA_REJECT_ICMP_CODE: 2,
  },
};

/** @source uapi linux/netfilter/nf_tables_compat.h */
export const matchAttributes: NameSet = {
  prefix: 'NFTA_MATCH_',
  source: 'uapi linux/netfilter/nf_tables_compat.h',
  values: {
    NFTA_MATCH_NAME: 1,
    NFTA_MATCH_REV: 2,
    NFTA_MATCH_INFO: 3,
  },
};

/** @source uapi linux/netfilter/nf_tables_compat.h */
export const targetAttributes: NameSet = {
  prefix: 'NFTA_TARGET_',
  source: 'uapi linux/netfilter/nf_tables_compat.h',
  values: {
    NFTA_TARGET_NAME: 1,
    NFTA_TARGET_REV: 2,
    NFTA_TARGET_INFO: 3,
  },
};

/** @source uapi linux/netfilter.h, linux/netfilter/nf_tables.h */
export const verdicts: NameSet = {
  prefix: 'NF_',
  source: 'uapi linux/netfilter.h, linux/netfilter/nf_tables.h',
  values: {
    NF_DROP: 0,
    NF_ACCEPT: 1,
    NF_STOLEN: 2,
    NF_QUEUE: 3,
    NF_REPEAT: 4,
    NFT_CONTINUE: -1,
    NFT_BREAK: -2,
    NFT_JUMP: -3,
    NFT_GOTO: -4,
    NFT_RETURN: -5,
  },
};
