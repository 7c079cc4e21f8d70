// Terminals, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { terminalSuite } from './runtime/terminal.ts';

contract('terminal', terminalSuite);
