// Words of a mount's options → flags, propagation, recursive attributes and filesystem data. Words that are none of these
// are the filesystem's own (size=, mode=, …) and go to it as data, in order.
import { MOUNT_ATTR, MS } from './flags.ts';

export interface MountOptions {
  flags: number;
  /** One mount(2) each, after the mount. */
  propagation: number[];
  /** MOUNT_ATTR_* to set and to clear with mount_setattr(AT_RECURSIVE). */
  attributesSet: number;
  attributesCleared: number;
  /** `idmap`: the mount's ids are mapped; `ridmap`: those of what is mounted below it too. @source oci-runtime config#linux-mount-options */
  idMapping?: 'idmap' | 'ridmap';
  /** A tmpfs begins with what it covers. */
  copiesUp?: true;
  data: string[];
}

/** Word → bits to set, or to clear when the second is true. @source man mount(8); oci-runtime config#linux-mount-options */
const flagWords: Readonly<Record<string, readonly [number, boolean]>> = {
  acl: [MS.POSIXACL, false],
  async: [MS.SYNCHRONOUS, true],
  atime: [MS.NOATIME, true],
  bind: [MS.BIND, false],
  defaults: [0, false],
  dev: [MS.NODEV, true],
  diratime: [MS.NODIRATIME, true],
  dirsync: [MS.DIRSYNC, false],
  exec: [MS.NOEXEC, true],
  iversion: [MS.I_VERSION, false],
  lazytime: [MS.LAZYTIME, false],
  loud: [MS.SILENT, true],
  mand: [MS.MANDLOCK, false],
  noacl: [MS.POSIXACL, true],
  noatime: [MS.NOATIME, false],
  nodev: [MS.NODEV, false],
  nodiratime: [MS.NODIRATIME, false],
  noexec: [MS.NOEXEC, false],
  noiversion: [MS.I_VERSION, true],
  nolazytime: [MS.LAZYTIME, true],
  nomand: [MS.MANDLOCK, true],
  norelatime: [MS.RELATIME, true],
  nostrictatime: [MS.STRICTATIME, true],
  nosuid: [MS.NOSUID, false],
  nosymfollow: [MS.NOSYMFOLLOW, false],
  rbind: [MS.BIND | MS.REC, false],
  relatime: [MS.RELATIME, false],
  remount: [MS.REMOUNT, false],
  ro: [MS.RDONLY, false],
  rw: [MS.RDONLY, true],
  silent: [MS.SILENT, false],
  strictatime: [MS.STRICTATIME, false],
  suid: [MS.NOSUID, true],
  symfollow: [MS.NOSYMFOLLOW, true],
  sync: [MS.SYNCHRONOUS, false],
};

/** @source man mount(2): changing the propagation type */
const propagationWords: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  shared: MS.SHARED,
  slave: MS.SLAVE,
  unbindable: MS.UNBINDABLE,
  rprivate: MS.PRIVATE | MS.REC,
  rshared: MS.SHARED | MS.REC,
  rslave: MS.SLAVE | MS.REC,
  runbindable: MS.UNBINDABLE | MS.REC,
};

/** @source man mount_setattr(2) */
const attributeWords: Readonly<Record<string, readonly [number, boolean]>> = {
  rro: [MOUNT_ATTR.RDONLY, false],
  rrw: [MOUNT_ATTR.RDONLY, true],
  rnosuid: [MOUNT_ATTR.NOSUID, false],
  rsuid: [MOUNT_ATTR.NOSUID, true],
  rnodev: [MOUNT_ATTR.NODEV, false],
  rdev: [MOUNT_ATTR.NODEV, true],
  rnoexec: [MOUNT_ATTR.NOEXEC, false],
  rexec: [MOUNT_ATTR.NOEXEC, true],
  rnodiratime: [MOUNT_ATTR.NODIRATIME, false],
  rdiratime: [MOUNT_ATTR.NODIRATIME, true],
  rrelatime: [MOUNT_ATTR.RELATIME, false],
  rnorelatime: [MOUNT_ATTR.RELATIME, true],
  rnoatime: [MOUNT_ATTR.NOATIME, false],
  ratime: [MOUNT_ATTR.NOATIME, true],
  rstrictatime: [MOUNT_ATTR.STRICTATIME, false],
  rnostrictatime: [MOUNT_ATTR.STRICTATIME, true],
  rnosymfollow: [MOUNT_ATTR.NOSYMFOLLOW, false],
  rsymfollow: [MOUNT_ATTR.NOSYMFOLLOW, true],
};

const otherWords = { idmap: true, ridmap: true, tmpcopyup: true };

/** Every word that is not filesystem data, sorted, as `features` lists them. */
export const knownMountOptions = [flagWords, propagationWords, attributeWords, otherWords]
  .flatMap((table) => Object.keys(table))
  .sort();

/** The options' meaning; later words win. */
export function parseMountOptions(words: readonly string[]): MountOptions {
  const options: MountOptions = { flags: 0, propagation: [], attributesSet: 0, attributesCleared: 0, data: [] };
  for (const word of words) applyWord(options, word);
  return options;
}

function applyWord(options: MountOptions, word: string): void {
  const flag = Object.hasOwn(flagWords, word) ? flagWords[word] : undefined;
  const propagation = Object.hasOwn(propagationWords, word) ? propagationWords[word] : undefined;
  const attribute = Object.hasOwn(attributeWords, word) ? attributeWords[word] : undefined;
  if (flag !== undefined) options.flags = flag[1] ? options.flags & ~flag[0] : options.flags | flag[0];
  else if (propagation !== undefined) options.propagation.push(propagation);
  else if (attribute !== undefined) applyAttribute(options, attribute);
  else if (word === 'idmap' || word === 'ridmap') options.idMapping = word;
  else if (word === 'tmpcopyup') options.copiesUp = true;
  else if (word !== '') options.data.push(word);
}

function applyAttribute(options: MountOptions, [bits, isCleared]: readonly [number, boolean]): void {
  // Access times are one field of several values: setting any of them clears the whole field first. @source man mount_setattr(2)
  const isAtime = (bits & MOUNT_ATTR.ATIME_FIELD) === bits;
  if (isAtime) {
    options.attributesCleared |= MOUNT_ATTR.ATIME_FIELD;
    options.attributesSet &= ~MOUNT_ATTR.ATIME_FIELD;
    if (!isCleared) options.attributesSet |= bits;
    return;
  }
  options.attributesSet = isCleared ? options.attributesSet & ~bits : options.attributesSet | bits;
  options.attributesCleared = isCleared ? options.attributesCleared | bits : options.attributesCleared & ~bits;
}

/** Propagation word of `linux.rootfsPropagation`. */
export const propagationFlags = (word: string): number | undefined =>
  Object.hasOwn(propagationWords, word) ? propagationWords[word] : undefined;

/** Low half: attributes to set; high half: attributes to clear. */
export const recursiveAttributes = (options: MountOptions): bigint =>
  BigInt(options.attributesSet) | (BigInt(options.attributesCleared) << 32n);
