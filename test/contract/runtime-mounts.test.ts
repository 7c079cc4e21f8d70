// Mounts and the root filesystem, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { mountsSuite } from './runtime/mounts.ts';

contract('mounts', mountsSuite);
