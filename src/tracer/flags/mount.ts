// Flags of the mount calls, the old and the new.
import type { NameSet } from './names.ts';

/** @source uapi linux/mount.h */
export const mountFlags: NameSet = {
  prefix: 'MS_',
  source: 'uapi linux/mount.h',
  values: {
    MS_MGC_VAL: 0xc0ed0000,
    MS_RDONLY: 1,
    MS_NOSUID: 2,
    MS_NODEV: 4,
    MS_NOEXEC: 8,
    MS_SYNCHRONOUS: 0x10,
    MS_REMOUNT: 0x20,
    MS_MANDLOCK: 0x40,
    MS_DIRSYNC: 0x80,
    MS_NOSYMFOLLOW: 0x100,
    MS_NOATIME: 0x400,
    MS_NODIRATIME: 0x800,
    MS_BIND: 0x1000,
    MS_MOVE: 0x2000,
    MS_REC: 0x4000,
    MS_SILENT: 0x8000,
    MS_POSIXACL: 0x10000,
    MS_UNBINDABLE: 0x20000,
    MS_PRIVATE: 0x40000,
    MS_SLAVE: 0x80000,
    MS_SHARED: 0x100000,
    MS_RELATIME: 0x200000,
    MS_KERNMOUNT: 0x400000,
    MS_I_VERSION: 0x800000,
    MS_STRICTATIME: 0x1000000,
    MS_LAZYTIME: 0x2000000,
    MS_NOSEC: 0x10000000,
    MS_BORN: 0x20000000,
    MS_ACTIVE: 0x40000000,
  },
};

/** @source glibc sys/mount.h */
export const unmountFlags: NameSet = {
  prefix: 'MNT_',
  source: 'glibc sys/mount.h',
  values: {
    MNT_FORCE: 1,
    MNT_DETACH: 2,
    MNT_EXPIRE: 4,
    UMOUNT_NOFOLLOW: 8,
  },
};

/** @source uapi linux/mount.h */
export const mountAttributes: NameSet = {
  prefix: 'MOUNT_ATTR_',
  source: 'uapi linux/mount.h',
  values: {
    MOUNT_ATTR__ATIME: 0x70,
    MOUNT_ATTR_RDONLY: 1,
    MOUNT_ATTR_NOSUID: 2,
    MOUNT_ATTR_NODEV: 4,
    MOUNT_ATTR_NOEXEC: 8,
    MOUNT_ATTR_NOATIME: 0x10,
    MOUNT_ATTR_STRICTATIME: 0x20,
    MOUNT_ATTR_NODIRATIME: 0x80,
    MOUNT_ATTR_IDMAP: 0x100000,
    MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
  },
};

/** @source uapi linux/mount.h */
export const propagations: NameSet = {
  prefix: 'MS_',
  source: 'uapi linux/mount.h',
  values: {
    MS_UNBINDABLE: 0x20000,
    MS_PRIVATE: 0x40000,
    MS_SLAVE: 0x80000,
    MS_SHARED: 0x100000,
  },
};

/** @source uapi linux/mount.h */
export const moveMountFlags: NameSet = {
  prefix: 'MOVE_MOUNT_',
  source: 'uapi linux/mount.h',
  values: {
    MOVE_MOUNT_F_SYMLINKS: 1,
    MOVE_MOUNT_F_AUTOMOUNTS: 2,
    MOVE_MOUNT_F_EMPTY_PATH: 4,
    MOVE_MOUNT_T_SYMLINKS: 0x10,
    MOVE_MOUNT_T_AUTOMOUNTS: 0x20,
    MOVE_MOUNT_T_EMPTY_PATH: 0x40,
    MOVE_MOUNT_SET_GROUP: 0x100,
  },
  newer: {
    'linux/mount.h of Linux 6.18': {
      MOVE_MOUNT_BENEATH: 0x200,
    },
  },
};

/** @source uapi linux/mount.h, linux/fcntl.h */
export const openTreeFlags: NameSet = {
  prefix: 'OPEN_TREE_',
  source: 'uapi linux/mount.h, linux/fcntl.h',
  values: {
    OPEN_TREE_CLONE: 1,
    OPEN_TREE_CLOEXEC: 0x80000,
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_NO_AUTOMOUNT: 0x800,
    AT_EMPTY_PATH: 0x1000,
    AT_RECURSIVE: 0x8000,
  },
};

/** @source uapi linux/fcntl.h */
export const atFlags: NameSet = {
  prefix: 'AT_',
  source: 'uapi linux/fcntl.h',
  values: {
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_SYMLINK_FOLLOW: 0x400,
    AT_NO_AUTOMOUNT: 0x800,
    AT_EMPTY_PATH: 0x1000,
    AT_RECURSIVE: 0x8000,
  },
};

/** @source uapi linux/mount.h */
export const fsconfigCommands: NameSet = {
  prefix: 'FSCONFIG_',
  source: 'uapi linux/mount.h',
  values: {
    FSCONFIG_SET_FLAG: 0,
    FSCONFIG_SET_STRING: 1,
    FSCONFIG_SET_BINARY: 2,
    FSCONFIG_SET_PATH: 3,
    FSCONFIG_SET_PATH_EMPTY: 4,
    FSCONFIG_SET_FD: 5,
    FSCONFIG_CMD_CREATE: 6,
    FSCONFIG_CMD_RECONFIGURE: 7,
  },
  newer: {
    'linux/mount.h of Linux 6.18': {
      FSCONFIG_CMD_CREATE_EXCL: 8,
    },
  },
};

/** @source uapi linux/mount.h */
export const fsopenFlags: NameSet = {
  prefix: 'FSOPEN_',
  source: 'uapi linux/mount.h',
  values: {
    FSOPEN_CLOEXEC: 1,
  },
};

/** @source uapi linux/mount.h */
export const fsmountFlags: NameSet = {
  prefix: 'FSMOUNT_',
  source: 'uapi linux/mount.h',
  values: {
    FSMOUNT_CLOEXEC: 1,
  },
};

/** @source uapi linux/mount.h */
export const fspickFlags: NameSet = {
  prefix: 'FSPICK_',
  source: 'uapi linux/mount.h',
  values: {
    FSPICK_CLOEXEC: 1,
    FSPICK_SYMLINK_NOFOLLOW: 2,
    FSPICK_NO_AUTOMOUNT: 4,
    FSPICK_EMPTY_PATH: 8,
  },
};

/** @source glibc sys/swap.h */
export const swapFlags: NameSet = {
  prefix: 'SWAP_FLAG_',
  source: 'glibc sys/swap.h',
  values: {
    SWAP_FLAG_PREFER: 0x8000,
    SWAP_FLAG_DISCARD: 0x10000,
  },
};

/** @source uapi linux/quota.h, linux/dqblk_xfs.h */
export const quotaCommands: NameSet = {
  prefix: 'Q_',
  source: 'uapi linux/quota.h, linux/dqblk_xfs.h',
  values: {
    Q_XQUOTAON: 0x5801,
    Q_XQUOTAOFF: 0x5802,
    Q_XGETQUOTA: 0x5803,
    Q_XSETQLIM: 0x5804,
    Q_XGETQSTAT: 0x5805,
    Q_XQUOTARM: 0x5806,
    Q_XQUOTASYNC: 0x5807,
    Q_XGETQSTATV: 0x5808,
    Q_XGETNEXTQUOTA: 0x5809,
    Q_SYNC: 0x800001,
    Q_QUOTAON: 0x800002,
    Q_QUOTAOFF: 0x800003,
    Q_GETFMT: 0x800004,
    Q_GETINFO: 0x800005,
    Q_SETINFO: 0x800006,
    Q_GETQUOTA: 0x800007,
    Q_SETQUOTA: 0x800008,
    Q_GETNEXTQUOTA: 0x800009,
  },
};

/** @source uapi linux/quota.h */
export const quotaTypes: NameSet = {
  prefix: '',
  source: 'uapi linux/quota.h',
  values: {
    USRQUOTA: 0,
    GRPQUOTA: 1,
    PRJQUOTA: 2,
  },
};

/** @source uapi linux/mount.h */
export const statmountMask: NameSet = {
  prefix: 'STATMOUNT_',
  source: 'uapi linux/mount.h',
  values: {},
  newer: {
    'linux/mount.h of Linux 6.18': {
      STATMOUNT_SB_BASIC: 1,
      STATMOUNT_MNT_BASIC: 2,
      STATMOUNT_PROPAGATE_FROM: 4,
      STATMOUNT_MNT_ROOT: 8,
      STATMOUNT_MNT_POINT: 0x10,
      STATMOUNT_FS_TYPE: 0x20,
      STATMOUNT_MNT_NS_ID: 0x40,
      STATMOUNT_MNT_OPTS: 0x80,
      STATMOUNT_FS_SUBTYPE: 0x100,
      STATMOUNT_SB_SOURCE: 0x200,
      STATMOUNT_OPT_ARRAY: 0x400,
      STATMOUNT_OPT_SEC_ARRAY: 0x800,
      STATMOUNT_SUPPORTED_MASK: 0x1000,
      STATMOUNT_MNT_UIDMAP: 0x2000,
      STATMOUNT_MNT_GIDMAP: 0x4000,
    },
  },
};
