// The daemon's door to networking: what container code asks for, without knowing links, rules or namespaces.
// `openNetworking(openRealKernel(), options)` of open.ts makes the real one; nothing on the host changes before the first bridge container.

/** Docker's form: `{"80/tcp": [{HostIp: "", HostPort: "8080"}]}`; HostPort may be empty (ephemeral) or a range `8000-8010`. */
export type PortBindings = Record<string, ReadonlyArray<{ HostIp?: string; HostPort?: string }> | null>;

export interface SandboxRequest {
  /** The container's id, 64 hex digits. */
  id: string;
  /** The container's name: only for error messages. */
  name?: string;
  hostname: string;
  /** `default`, `bridge`, `none`, `host` or `container:<id>` (the id resolved already). */
  networkMode: string;
  portBindings?: PortBindings | undefined;
  /** Keys `80/tcp` of the container's and its image's ExposedPorts. */
  exposedPorts?: readonly string[] | undefined;
  /** `-P`: every exposed port gets an ephemeral host port. */
  publishAll?: boolean | undefined;
  macAddress?: string | undefined;
  /** Maps of the user namespace that the network is to belong to, as lines of uid_map and gid_map; undefined: the host's. */
  owner?: { uidMap: string; gidMap: string } | undefined;
}

/** NetworkSettings.Ports: null is a port that is exposed but not published. */
export type PublishedPorts = Record<string, Array<{ HostIp: string; HostPort: string }> | null>;

/** What a container's network is; addresses are '' and prefixLength 0 where the mode has none, as Docker shows it. */
export interface Sandbox {
  /** The namespace file for config.json; undefined with `host`: the host's own namespace. */
  path: string | undefined;
  /** The user namespace that it belongs to; undefined: the host's. */
  userPath?: string | undefined;
  /** The network's name: `bridge`, `none`, `host`, or `container` when the sandbox belongs to another container. */
  network: string;
  sandboxId: string;
  networkId: string;
  endpointId: string;
  ipAddress: string;
  gateway: string;
  prefixLength: number;
  macAddress: string;
  ports: PublishedPorts;
}

/** A network in the Engine API's shape. @source docker-api GET /networks/{id} */
export interface NetworkResource {
  Name: string;
  Id: string;
  Created: string;
  Scope: 'local';
  Driver: 'bridge' | 'host' | 'null';
  EnableIPv6: false;
  IPAM: { Driver: 'default'; Options: null; Config: Array<{ Subnet: string; Gateway: string }> };
  Internal: false;
  Attachable: false;
  Ingress: false;
  ConfigFrom: { Network: '' };
  ConfigOnly: false;
  Containers: Record<
    string,
    { Name: string; EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string }
  >;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

export interface Networking {
  /** Bridge and base rules; called by the first bridge container, idempotent, puts back what is missing. */
  initialise(): Promise<void>;
  /**
   * Makes everything that the container's network needs, before its program starts; takes all of it back when it fails.
   * The caller releases it with `deleteSandbox`. Errors: conflict (port taken), invalidArgument, resourceExhausted (no address), internal.
   */
  createSandbox(request: SandboxRequest): Promise<Sandbox>;
  /**
   * Removes the container's network; does nothing when it has none. Ports and rules are free when it returns; the kernel finishes
   * removing the link within some 30 ms more.
   */
  deleteSandbox(id: string): Promise<void>;
  /** Waits until nothing is being removed any more: before the daemon exits, and before a look at what is left. */
  settle(): Promise<void>;
  /** After a start of the daemon: adopts the sandboxes of these containers, removes every other one, holds the published ports again. */
  restoreSandboxes(containerIds: readonly string[]): Promise<Map<string, Sandbox>>;
  networks(): NetworkResource[];
  /** By name, id or unambiguous beginning of an id. Errors: notFound. */
  inspectNetwork(nameOrId: string): NetworkResource;
  /** Removes every sandbox, the bridge, chains and jumps, and puts changed sysctls back; beside another engine the sandboxes alone. */
  teardown(options: { keepsBridge: boolean }): Promise<void>;
}

/** What daemon.json says about networking; keys as Docker's. */
export interface NetworkingOptions {
  /** State that dies with a reboot: sandboxes, remembered sysctls. */
  runRoot: string;
  /** State that outlives it: the bridge's subnet, the networks' ids. */
  dataRoot: string;
  /** Where namespaces are kept; `paths.networkNamespaces` unless a test has its own. */
  namespaces?: string | undefined;
  /** `bip`: the bridge's address with prefix, e.g. `172.20.0.1/16`. */
  bip?: string | undefined;
  /** `mtu`. */
  mtuBytes?: number | undefined;
  /** `ip`: the host address that ports are published on when none is given. */
  defaultHostIp?: string | undefined;
}
