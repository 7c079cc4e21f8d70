// Netlink: protocols, flags of messages, and the numbers that every protocol shares.
import type { NameSet } from './names.ts';

/** @source uapi linux/netlink.h */
export const netlinkProtocols: NameSet = {
  prefix: 'NETLINK_',
  source: 'uapi linux/netlink.h',
  values: {
    NETLINK_ROUTE: 0,
    NETLINK_UNUSED: 1,
    NETLINK_USERSOCK: 2,
    NETLINK_FIREWALL: 3,
    NETLINK_SOCK_DIAG: 4,
    NETLINK_NFLOG: 5,
    NETLINK_XFRM: 6,
    NETLINK_SELINUX: 7,
    NETLINK_ISCSI: 8,
    NETLINK_AUDIT: 9,
    NETLINK_FIB_LOOKUP: 10,
    NETLINK_CONNECTOR: 11,
    NETLINK_NETFILTER: 12,
    NETLINK_IP6_FW: 13,
    NETLINK_DNRTMSG: 14,
    NETLINK_KOBJECT_UEVENT: 15,
    NETLINK_GENERIC: 16,
    NETLINK_SCSITRANSPORT: 18,
    NETLINK_ECRYPTFS: 19,
    NETLINK_RDMA: 20,
    NETLINK_CRYPTO: 21,
    NETLINK_SMC: 22,
  },
};

/** @source uapi linux/netlink.h */
export const netlinkFlags: NameSet = {
  prefix: 'NLM_F_',
  source: 'uapi linux/netlink.h',
  values: {
    NLM_F_REQUEST: 1,
    NLM_F_MULTI: 2,
    NLM_F_ACK: 4,
    NLM_F_ECHO: 8,
    NLM_F_DUMP_INTR: 0x10,
    NLM_F_DUMP_FILTERED: 0x20,
  },
};

/** On top of the common ones: of requests that ask. @source uapi linux/netlink.h */
export const netlinkGetFlags: NameSet = {
  prefix: 'NLM_F_',
  source: 'uapi linux/netlink.h',
  values: {
    NLM_F_DUMP: 0x300,
    NLM_F_ROOT: 0x100,
    NLM_F_MATCH: 0x200,
    NLM_F_ATOMIC: 0x400,
  },
};

/** Of requests that make. @source uapi linux/netlink.h */
export const netlinkNewFlags: NameSet = {
  prefix: 'NLM_F_',
  source: 'uapi linux/netlink.h',
  values: {
    NLM_F_REPLACE: 0x100,
    NLM_F_EXCL: 0x200,
    NLM_F_CREATE: 0x400,
    NLM_F_APPEND: 0x800,
  },
};

/** Of requests that remove. @source uapi linux/netlink.h */
export const netlinkDeleteFlags: NameSet = {
  prefix: 'NLM_F_',
  source: 'uapi linux/netlink.h',
  values: {
    NLM_F_NONREC: 0x100,
    NLM_F_BULK: 0x200,
  },
};

/** Of answers to a request. @source uapi linux/netlink.h */
export const netlinkAckFlags: NameSet = {
  prefix: 'NLM_F_',
  source: 'uapi linux/netlink.h',
  values: {
    NLM_F_CAPPED: 0x100,
    NLM_F_ACK_TLVS: 0x200,
  },
};

/** @source uapi linux/netlink.h */
export const netlinkControl: NameSet = {
  prefix: 'NLMSG_',
  source: 'uapi linux/netlink.h',
  values: {
    NLMSG_NOOP: 1,
    NLMSG_ERROR: 2,
    NLMSG_DONE: 3,
    NLMSG_OVERRUN: 4,
  },
};

/** @source uapi linux/netlink.h */
export const errorAttributes: NameSet = {
  prefix: 'NLMSGERR_ATTR_',
  source: 'uapi linux/netlink.h',
  values: {
    NLMSGERR_ATTR_MSG: 1,
    NLMSGERR_ATTR_OFFS: 2,
    NLMSGERR_ATTR_COOKIE: 3,
    NLMSGERR_ATTR_POLICY: 4,
    NLMSGERR_ATTR_MISS_TYPE: 5,
    NLMSGERR_ATTR_MISS_NEST: 6,
  },
};

/** @source uapi linux/audit.h */
export const auditMessages: NameSet = {
  prefix: 'AUDIT_',
  source: 'uapi linux/audit.h',
  values: {
    AUDIT_GET: 1000,
    AUDIT_SET: 1001,
    AUDIT_USER: 1005,
    AUDIT_LOGIN: 1006,
    AUDIT_SIGNAL_INFO: 1010,
    AUDIT_ADD_RULE: 1011,
    AUDIT_DEL_RULE: 1012,
    AUDIT_LIST_RULES: 1013,
    AUDIT_TRIM: 1014,
    AUDIT_MAKE_EQUIV: 1015,
    AUDIT_TTY_GET: 1016,
    AUDIT_TTY_SET: 1017,
    AUDIT_SET_FEATURE: 1018,
    AUDIT_GET_FEATURE: 1019,
    AUDIT_SYSCALL: 1300,
    AUDIT_PATH: 1302,
    AUDIT_CONFIG_CHANGE: 1305,
    AUDIT_EOE: 1320,
    AUDIT_SECCOMP: 1326,
    AUDIT_PROCTITLE: 1327,
  },
};

/** @source uapi linux/genetlink.h */
export const genericControl: NameSet = {
  prefix: 'CTRL_CMD_',
  source: 'uapi linux/genetlink.h',
  values: {
    CTRL_CMD_UNSPEC: 0,
    CTRL_CMD_NEWFAMILY: 1,
    CTRL_CMD_DELFAMILY: 2,
    CTRL_CMD_GETFAMILY: 3,
    CTRL_CMD_NEWOPS: 4,
    CTRL_CMD_DELOPS: 5,
    CTRL_CMD_GETOPS: 6,
    CTRL_CMD_NEWMCAST_GRP: 7,
    CTRL_CMD_DELMCAST_GRP: 8,
    CTRL_CMD_GETMCAST_GRP: 9,
    CTRL_CMD_GETPOLICY: 10,
  },
};

/** @source uapi linux/genetlink.h */
export const genericControlAttributes: NameSet = {
  prefix: 'CTRL_ATTR_',
  source: 'uapi linux/genetlink.h',
  values: {
    CTRL_ATTR_FAMILY_ID: 1,
    CTRL_ATTR_FAMILY_NAME: 2,
    CTRL_ATTR_VERSION: 3,
    CTRL_ATTR_HDRSIZE: 4,
    CTRL_ATTR_MAXATTR: 5,
    CTRL_ATTR_OPS: 6,
    CTRL_ATTR_MCAST_GROUPS: 7,
    CTRL_ATTR_POLICY: 8,
    CTRL_ATTR_OP_POLICY: 9,
    CTRL_ATTR_OP: 10,
  },
};

/** @source uapi linux/sock_diag.h, linux/inet_diag.h */
export const diagMessages: NameSet = {
  prefix: 'SOCK_',
  source: 'uapi linux/sock_diag.h, linux/inet_diag.h',
  values: {
    TCPDIAG_GETSOCK: 18,
    DCCPDIAG_GETSOCK: 19,
    SOCK_DIAG_BY_FAMILY: 20,
    SOCK_DESTROY: 21,
  },
};
