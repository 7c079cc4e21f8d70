// A mount of config.json after its options are read and its rules are checked.
import type { MountSpec } from '../../oci/runtime.ts';
import type { PlanCause } from './context.ts';
import type { MountOptions } from './mount-options.ts';

export interface ResolvedMount {
  spec: MountSpec;
  cause: PlanCause;
  destination: string;
  type: string;
  options: MountOptions;
  idMapping?: IdMapping | undefined;
  /** Made by the runtime before the clone, attached by the child. */
  isPrepared?: boolean;
}

/** How a mount maps ids: lines of uid_map and gid_map, or the path of a user namespace that has them. */
export interface IdMapping {
  uidMap: string;
  gidMap: string;
  userNamespace: string;
  isRecursive: boolean;
}
