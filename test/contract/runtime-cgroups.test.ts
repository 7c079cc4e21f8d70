// Control groups of version 1, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { cgroupsSuite } from './runtime/cgroups.ts';

contract('cgroups', cgroupsSuite);
