// The bundle of a container, for tlab-runc, runc and crun. Needs root, runc, crun, busybox-static and dist/bin/tlab-runc.
import { contract } from './contract.ts';
import { bundleSuite } from './runtime/bundle.ts';

contract('bundle', bundleSuite);
