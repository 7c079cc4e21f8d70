// The command line, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { commandLineSuite } from './runtime/command-line.ts';

contract('command-line', commandLineSuite);
