// More processes in a container, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { execSuite } from './runtime/exec.ts';

contract('exec', execSuite);
