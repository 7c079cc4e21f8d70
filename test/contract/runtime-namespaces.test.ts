// Namespaces of a container, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { namespacesSuite } from './runtime/namespaces.ts';

contract('namespaces', namespacesSuite);
