// Seccomp, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { seccompSuite } from './runtime/seccomp.ts';

contract('seccomp', seccompSuite);
