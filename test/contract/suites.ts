// Every suite of the contract by topic; a topic has its test file, runtime-<topic>.test.ts.
import type { Suite } from './behaviour.ts';
import { cgroupsSuite } from './runtime/cgroups.ts';
import { execSuite } from './runtime/exec.ts';
import { filesSuite } from './runtime/files.ts';
import { hooksSuite } from './runtime/hooks.ts';
import { lifecycleSuite } from './runtime/lifecycle.ts';
import { mountsSuite } from './runtime/mounts.ts';
import { namespacesSuite } from './runtime/namespaces.ts';
import { processSuite } from './runtime/process.ts';
import { seccompSuite } from './runtime/seccomp.ts';

export const suites: Readonly<Record<string, Suite>> = {
  cgroups: cgroupsSuite,
  exec: execSuite,
  files: filesSuite,
  hooks: hooksSuite,
  lifecycle: lifecycleSuite,
  mounts: mountsSuite,
  namespaces: namespacesSuite,
  process: processSuite,
  seccomp: seccompSuite,
};
