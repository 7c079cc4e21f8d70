// What a config.json is made of: the request, the image's configuration, and what the daemon and the host decided.

import type { RunConfig } from '../../oci/image.ts';
import type { CgroupDriver } from '../cgroups.ts';
import type { ContainerConfig } from '../schema/create.ts';
import type { HostConfig } from '../schema/host-config.ts';
import type { Remap } from '../userns.ts';

/** A node under /dev. */
export interface HostDevice {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

/** What this host can do: read once at start, given to the pure functions. */
export interface HostFacts {
  architecture: 'x64' | 'arm64' | string;
  cgroupVersion: 1 | 2;
  /** CAP_* in the daemon's bounding set: no container can have more. */
  capabilities: readonly string[];
  hasSeccomp: boolean;
  /** Names of the AppArmor profiles that are loaded now; undefined where the kernel has no AppArmor. */
  appArmorProfiles: () => readonly string[] | undefined;
  /** Every device node under /dev; read only for --privileged. */
  devices: () => readonly HostDevice[];
}

export interface UserIds {
  uid: number;
  gid: number;
  additionalGids: number[];
  home: string;
}

/** A file or folder of the host, or memory, that the container sees. `from` points at the request's or the image's field. */
export interface ResolvedMount {
  type: 'bind' | 'volume' | 'tmpfs';
  source: string;
  destination: string;
  readOnly: boolean;
  options: string[];
  /** Named volume. */
  name?: string;
  mode: string;
  propagation: string;
  from: `api:/${string}` | `image:/${string}`;
}

/** Files of the container's folder that are bound over /etc; undefined on a container without them. */
export interface ContainerFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

export interface SpecInput {
  id: string;
  config: ContainerConfig;
  host: HostConfig;
  image: RunConfig;
  user: UserIds;
  mounts: readonly ResolvedMount[];
  files: ContainerFiles;
  /** The sandbox's namespace; undefined joins the host's network. */
  networkNamespace: string | undefined;
  /** The user namespace that owns that one, with its maps; undefined: the host's. */
  userNamespace?: { path: string; remap: Remap } | undefined;
  /** Path of the init program on the host, when one is wanted. */
  initProgram: string | undefined;
  facts: HostFacts;
  /** Without a word, the runtime makes the cgroups itself. */
  cgroupDriver?: CgroupDriver;
  /** daemon.json's, for containers that ask for none. */
  cgroupParent?: string | undefined;
}
