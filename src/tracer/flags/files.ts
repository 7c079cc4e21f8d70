// Flags and constants of the calls on files and folders.
import type { NameSet } from './names.ts';

/** @source uapi asm-generic/fcntl.h */
export const openFlags: NameSet = {
  prefix: 'O_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    O_CREAT: 0x40,
    O_EXCL: 0x80,
    O_NOCTTY: 0x100,
    O_TRUNC: 0x200,
    O_APPEND: 0x400,
    O_NONBLOCK: 0x800,
    O_SYNC: 0x101000,
    O_DSYNC: 0x1000,
    O_DIRECT: 0x4000,
    O_LARGEFILE: 0x8000,
    O_NOFOLLOW: 0x20000,
    O_NOATIME: 0x40000,
    O_CLOEXEC: 0x80000,
    O_PATH: 0x200000,
    O_TMPFILE: 0x410000,
    O_DIRECTORY: 0x10000,
    FASYNC: 0x2000,
  },
};

/** @source uapi linux/openat2.h */
export const resolveFlags: NameSet = {
  prefix: 'RESOLVE_',
  source: 'uapi linux/openat2.h',
  values: {
    RESOLVE_NO_XDEV: 1,
    RESOLVE_NO_MAGICLINKS: 2,
    RESOLVE_NO_SYMLINKS: 4,
    RESOLVE_BENEATH: 8,
    RESOLVE_IN_ROOT: 0x10,
    RESOLVE_CACHED: 0x20,
  },
};

/** @source uapi linux/stat.h */
export const fileTypes: NameSet = {
  prefix: 'S_IF',
  source: 'uapi linux/stat.h',
  values: {
    S_IFSOCK: 49152,
    S_IFLNK: 40960,
    S_IFREG: 32768,
    S_IFBLK: 24576,
    S_IFDIR: 16384,
    S_IFCHR: 8192,
    S_IFIFO: 4096,
  },
};

/** @source uapi linux/fcntl.h */
export const pathFlags: NameSet = {
  prefix: 'AT_',
  source: 'uapi linux/fcntl.h',
  values: {
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_REMOVEDIR: 0x200,
    AT_SYMLINK_FOLLOW: 0x400,
    AT_NO_AUTOMOUNT: 0x800,
    AT_EMPTY_PATH: 0x1000,
    AT_STATX_FORCE_SYNC: 0x2000,
    AT_STATX_DONT_SYNC: 0x4000,
    AT_RECURSIVE: 0x8000,
  },
};

/** @source uapi linux/fcntl.h */
export const accessFlags: NameSet = {
  prefix: 'AT_',
  source: 'uapi linux/fcntl.h',
  values: {
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_EACCESS: 0x200,
    AT_SYMLINK_FOLLOW: 0x400,
    AT_EMPTY_PATH: 0x1000,
  },
};

/** @source uapi linux/fs.h */
export const renameFlags: NameSet = {
  prefix: 'RENAME_',
  source: 'uapi linux/fs.h',
  values: {
    RENAME_NOREPLACE: 1,
    RENAME_EXCHANGE: 2,
    RENAME_WHITEOUT: 4,
  },
};

/** @source uapi linux/stat.h */
export const statxMask: NameSet = {
  prefix: 'STATX_',
  source: 'uapi linux/stat.h',
  values: {
    STATX_ALL: 0xfff,
    STATX_BASIC_STATS: 0x7ff,
    STATX_TYPE: 1,
    STATX_MODE: 2,
    STATX_NLINK: 4,
    STATX_UID: 8,
    STATX_GID: 0x10,
    STATX_ATIME: 0x20,
    STATX_MTIME: 0x40,
    STATX_CTIME: 0x80,
    STATX_INO: 0x100,
    STATX_SIZE: 0x200,
    STATX_BLOCKS: 0x400,
    STATX_BTIME: 0x800,
    STATX_MNT_ID: 0x1000,
    STATX_DIOALIGN: 0x2000,
  },
  newer: {
    'linux/stat.h of Linux 6.8': { STATX_MNT_ID_UNIQUE: 0x4000 },
    'linux/stat.h of Linux 6.10': { STATX_SUBVOL: 0x8000 },
    'linux/stat.h of Linux 6.11': { STATX_WRITE_ATOMIC: 0x10000 },
    'linux/stat.h of Linux 6.15': { STATX_DIO_READ_ALIGN: 0x20000 },
  },
};

/** @source uapi linux/stat.h */
export const statxAttributes: NameSet = {
  prefix: 'STATX_ATTR_',
  source: 'uapi linux/stat.h',
  values: {
    STATX_ATTR_COMPRESSED: 4,
    STATX_ATTR_IMMUTABLE: 0x10,
    STATX_ATTR_APPEND: 0x20,
    STATX_ATTR_NODUMP: 0x40,
    STATX_ATTR_ENCRYPTED: 0x800,
    STATX_ATTR_AUTOMOUNT: 0x1000,
    STATX_ATTR_MOUNT_ROOT: 0x2000,
    STATX_ATTR_VERITY: 0x100000,
    STATX_ATTR_DAX: 0x200000,
  },
  newer: {
    'linux/stat.h of Linux 6.11': { STATX_ATTR_WRITE_ATOMIC: 0x400000 },
  },
};

/** @source uapi asm-generic/fcntl.h */
export const lockOperations: NameSet = {
  prefix: 'LOCK_',
  source: 'uapi asm-generic/fcntl.h',
  values: {
    LOCK_SH: 1,
    LOCK_EX: 2,
    LOCK_UN: 8,
    LOCK_NB: 4,
  },
};

/** @source uapi linux/falloc.h */
export const fallocateFlags: NameSet = {
  prefix: 'FALLOC_FL_',
  source: 'uapi linux/falloc.h',
  values: {
    FALLOC_FL_KEEP_SIZE: 1,
    FALLOC_FL_PUNCH_HOLE: 2,
    FALLOC_FL_NO_HIDE_STALE: 4,
    FALLOC_FL_COLLAPSE_RANGE: 8,
    FALLOC_FL_ZERO_RANGE: 0x10,
    FALLOC_FL_INSERT_RANGE: 0x20,
    FALLOC_FL_UNSHARE_RANGE: 0x40,
  },
  newer: {
    'linux/falloc.h of Linux 6.17': { FALLOC_FL_WRITE_ZEROES: 0x80 },
  },
};

/** @source uapi linux/fadvise.h */
export const fileAdvice: NameSet = {
  prefix: 'POSIX_FADV_',
  source: 'uapi linux/fadvise.h',
  values: {
    POSIX_FADV_NORMAL: 0,
    POSIX_FADV_RANDOM: 1,
    POSIX_FADV_SEQUENTIAL: 2,
    POSIX_FADV_WILLNEED: 3,
    POSIX_FADV_DONTNEED: 4,
    POSIX_FADV_NOREUSE: 5,
  },
};

/** @source uapi linux/fs.h */
export const syncRangeFlags: NameSet = {
  prefix: 'SYNC_FILE_RANGE_',
  source: 'uapi linux/fs.h',
  values: {
    SYNC_FILE_RANGE_WAIT_BEFORE: 1,
    SYNC_FILE_RANGE_WRITE: 2,
    SYNC_FILE_RANGE_WAIT_AFTER: 4,
  },
};

/** @source uapi linux/xattr.h */
export const xattrFlags: NameSet = {
  prefix: 'XATTR_',
  source: 'uapi linux/xattr.h',
  values: {
    XATTR_CREATE: 1,
    XATTR_REPLACE: 2,
  },
};

/** @source uapi linux/magic.h */
export const fileSystems: NameSet = {
  prefix: '',
  source: 'uapi linux/magic.h',
  values: {
    ADFS_SUPER_MAGIC: 0xadf5,
    AFFS_SUPER_MAGIC: 0xadff,
    AFS_SUPER_MAGIC: 0x5346414f,
    AUTOFS_SUPER_MAGIC: 0x187,
    CEPH_SUPER_MAGIC: 0xc36400,
    CODA_SUPER_MAGIC: 0x73757245,
    CRAMFS_MAGIC: 0x28cd3d45,
    DEBUGFS_MAGIC: 0x64626720,
    SECURITYFS_MAGIC: 0x73636673,
    SELINUX_MAGIC: 0xf97cff8c,
    SMACK_MAGIC: 0x43415d53,
    RAMFS_MAGIC: 0x858458f6,
    TMPFS_MAGIC: 0x1021994,
    HUGETLBFS_MAGIC: 0x958458f6,
    SQUASHFS_MAGIC: 0x73717368,
    ECRYPTFS_SUPER_MAGIC: 0xf15f,
    EFS_SUPER_MAGIC: 0x414a53,
    EROFS_SUPER_MAGIC_V1: 0xe0f5e1e2,
    EXT4_SUPER_MAGIC: 0xef53,
    BTRFS_SUPER_MAGIC: 0x9123683e,
    NILFS_SUPER_MAGIC: 0x3434,
    F2FS_SUPER_MAGIC: 0xf2f52010,
    HPFS_SUPER_MAGIC: 0xf995e849,
    ISOFS_SUPER_MAGIC: 0x9660,
    JFFS2_SUPER_MAGIC: 0x72b6,
    XFS_SUPER_MAGIC: 0x58465342,
    PSTOREFS_MAGIC: 0x6165676c,
    EFIVARFS_MAGIC: 0xde5e81e4,
    HOSTFS_SUPER_MAGIC: 0xc0ffee,
    OVERLAYFS_SUPER_MAGIC: 0x794c7630,
    FUSE_SUPER_MAGIC: 0x65735546,
    MINIX_SUPER_MAGIC: 0x137f,
    MSDOS_SUPER_MAGIC: 0x4d44,
    EXFAT_SUPER_MAGIC: 0x2011bab0,
    NFS_SUPER_MAGIC: 0x6969,
    REISERFS_SUPER_MAGIC: 0x52654973,
    SMB_SUPER_MAGIC: 0x517b,
    CIFS_SUPER_MAGIC: 0xff534d42,
    SMB2_SUPER_MAGIC: 0xfe534d42,
    CGROUP_SUPER_MAGIC: 0x27e0eb,
    CGROUP2_SUPER_MAGIC: 0x63677270,
    RDTGROUP_SUPER_MAGIC: 0x7655821,
    STACK_END_MAGIC: 0x57ac6e9d,
    TRACEFS_MAGIC: 0x74726163,
    V9FS_MAGIC: 0x1021997,
    BDEVFS_MAGIC: 0x62646576,
    DAXFS_MAGIC: 0x64646178,
    BINFMTFS_MAGIC: 0x42494e4d,
    DEVPTS_SUPER_MAGIC: 0x1cd1,
    BINDERFS_SUPER_MAGIC: 0x6c6f6f70,
    FUTEXFS_SUPER_MAGIC: 0xbad1dea,
    PIPEFS_MAGIC: 0x50495045,
    PROC_SUPER_MAGIC: 0x9fa0,
    SOCKFS_MAGIC: 0x534f434b,
    SYSFS_MAGIC: 0x62656572,
    NSFS_MAGIC: 0x6e736673,
    BPF_FS_MAGIC: 0xcafe4a11,
    ANON_INODE_FS_MAGIC: 0x9041934,
    ZONEFS_MAGIC: 0x5a4f4653,
    UDF_SUPER_MAGIC: 0x15013346,
    DMA_BUF_MAGIC: 0x444d4142,
    DEVMEM_MAGIC: 0x454d444d,
    SECRETMEM_MAGIC: 0x5345434d,
  },
  newer: {
    'linux/magic.h of Linux 6.9': { PID_FS_MAGIC: 0x50494446 },
  },
};

/** @source linux include/linux/statfs.h */
export const mountStateFlags: NameSet = {
  prefix: 'ST_',
  source: 'linux include/linux/statfs.h',
  values: {
    ST_VALID: 0x20,
    ST_MANDLOCK: 0x40,
    ST_RDONLY: 1,
    ST_NOSUID: 2,
    ST_NODEV: 4,
    ST_NOEXEC: 8,
    ST_SYNCHRONOUS: 0x10,
    ST_NOATIME: 0x400,
    ST_NODIRATIME: 0x800,
    ST_RELATIME: 0x1000,
    ST_NOSYMFOLLOW: 0x2000,
  },
};
