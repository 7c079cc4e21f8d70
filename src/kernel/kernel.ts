// The door to the kernel, by object. Stages ask for objects and changes to them; they never name a system call.
// real/ does it on this host. Each method that changes something emits its kernel.* event, also when it is refused.
import type { Cause } from '../trace/cause.ts';

/** One network interface. @source man rtnetlink(7) */
export interface Link {
  index: number;
  name: string;
  macAddress: string;
  mtuBytes: number;
  isUp: boolean;
  /** Index of the bridge that it is a port of. */
  masterIndex: number | undefined;
  /** Of a veth: its other end's index, counted in the namespace of that end. */
  peerIndex: number | undefined;
  /** `veth`, `bridge`; undefined for hardware. */
  kind: string | undefined;
}

/** What names a link: the number for the kernel, the name for people. */
export type LinkReference = Pick<Link, 'index' | 'name'>;

export interface VethPair {
  name: string;
  /** The bridge that this end becomes a port of. */
  master: LinkReference;
  mtuBytes: number;
  /** The other end, made directly inside the namespace that this file stands for. */
  peer: { name: string; namespace: string; macAddress: string };
}

/** Links of one namespace. Errors: alreadyExists, notFound, permissionDenied, internal. */
export interface Links {
  list(): Promise<Link[]>;
  find(name: string): Promise<Link | undefined>;
  addBridge(name: string, options: { macAddress: string; mtuBytes: number }): Promise<void>;
  /** The near end is up when this returns; the peer is not. */
  addVeth(pair: VethPair): Promise<void>;
  setUp(link: LinkReference): Promise<void>;
  /** Lets a bridge send a frame back through the port that it came from. */
  setHairpin(link: LinkReference): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface Address {
  linkIndex: number;
  /** Dotted decimal. */
  address: string;
  prefixLength: number;
}

export interface Addresses {
  list(): Promise<Address[]>;
  add(link: LinkReference, address: Omit<Address, 'linkIndex'>): Promise<void>;
}

export interface Route {
  /** Dotted decimal; `0.0.0.0` with prefix length 0 is the default route. */
  destination: string;
  prefixLength: number;
  gateway: string | undefined;
  linkIndex: number | undefined;
}

export interface Routes {
  list(): Promise<Route[]>;
  addDefault(gateway: string, link: LinkReference): Promise<void>;
}

/** The network objects of one namespace; holds a socket in it until it is disposed. */
export interface Network extends Disposable {
  links: Links;
  addresses: Addresses;
  routes: Routes;
}

/** A user namespace to be made. Maps are lines of uid_map and gid_map. @source man user_namespaces(7) */
export interface NamespaceOwner {
  path: string;
  uidMap: string;
  gidMap: string;
}

export interface NetworkNamespaces {
  /**
   * A new namespace that lives as long as the mount on `path`, a file that must not exist. With an owner it belongs to a new user
   * namespace with these maps, kept in the same way: root there may configure it.
   */
  create(path: string, owner?: NamespaceOwner): Promise<void>;
  /** Unmounts and unlinks; does nothing when there is no such file. */
  remove(path: string): void;
  /** True when `path` is a namespace and not an empty file left behind. */
  isAlive(path: string): boolean;
}

export interface Sysctls {
  /** `net/ipv4/ip_forward`; undefined when this kernel has no such setting. */
  read(name: string): string | undefined;
  write(name: string, value: string): void;
  /** The same inside a network namespace; false when the kernel has no such setting. */
  writeIn(namespace: string, name: string, value: string): boolean;
}

export interface Mounts {
  /** `flags` by their kernel names (`MS_BIND`, `MS_REC`). @source man mount(2) */
  attach(mount: { source: string; target: string; fstype?: string; flags?: readonly MountFlag[]; data?: string }): void;
  /** @source man umount(2) */
  detach(target: string, flags?: readonly UnmountFlag[]): void;
}

export const mountFlags = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_REMOUNT: 32,
  MS_NOATIME: 1024,
  MS_BIND: 4096,
  MS_MOVE: 8192,
  MS_REC: 16384,
  MS_UNBINDABLE: 1 << 17,
  MS_PRIVATE: 1 << 18,
  MS_SLAVE: 1 << 19,
  MS_SHARED: 1 << 20,
} as const;
export type MountFlag = keyof typeof mountFlags;

export const unmountFlags = { MNT_FORCE: 1, MNT_DETACH: 2, UMOUNT_NOFOLLOW: 8 } as const;
export type UnmountFlag = keyof typeof unmountFlags;

/** Rules as iptables spells them: `chain` and the text behind it; `cause` is why it is there, for the trace. */
export interface FirewallRule {
  table: 'raw' | 'nat' | 'filter';
  chain: string;
  rule: string;
  cause?: Cause | undefined;
}

export type FirewallChain = Pick<FirewallRule, 'table' | 'chain'>;

/** One atomic change a table: chains made or emptied, then rules removed, put first, and appended. */
export interface FirewallChange {
  /** Own chains that exist and are empty before the rules below are added. */
  emptied?: ReadonlyArray<FirewallChain & { isThere?: boolean }>;
  removed?: readonly FirewallRule[];
  inserted?: readonly FirewallRule[];
  appended?: readonly FirewallRule[];
  /** Own chains to delete, after everything above. */
  deleted?: readonly FirewallChain[];
}

export interface Firewall {
  /** Every rule and every user chain (as a rule without text) of the host. */
  list(): Promise<FirewallRule[]>;
  apply(change: FirewallChange): Promise<void>;
}

export interface Kernel {
  /** The network of the caller's namespace, or of the one that the file stands for. */
  network(namespace?: string): Network;
  networkNamespaces: NetworkNamespaces;
  sysctls: Sysctls;
  mounts: Mounts;
  firewall: Firewall;
}
