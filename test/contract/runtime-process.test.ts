// The process of a container, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { processSuite } from './runtime/process.ts';

contract('process', processSuite);
