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
}
