// What the specification got in 1.1 and 1.2, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static, dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { youngSuite } from './runtime/young.ts';

contract('young', youngSuite);
