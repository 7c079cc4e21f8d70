// Hooks, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { hooksSuite } from './runtime/hooks.ts';

contract('hooks', hooksSuite);
