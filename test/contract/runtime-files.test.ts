// Devices, hidden paths and sysctls, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { filesSuite } from './runtime/files.ts';

contract('files', filesSuite);
