// Every suite of the contract by topic; a topic has its test file, runtime-<topic>.test.ts.
import type { Suite } from './behaviour.ts';
import { bundleSuite } from './runtime/bundle.ts';
import { cgroupsSuite } from './runtime/cgroups.ts';
import { commandLineSuite } from './runtime/command-line.ts';
import { execSuite } from './runtime/exec.ts';
import { filesSuite } from './runtime/files.ts';
import { hooksSuite } from './runtime/hooks.ts';
import { lifecycleSuite } from './runtime/lifecycle.ts';
import { mountsSuite } from './runtime/mounts.ts';
import { namespacesSuite } from './runtime/namespaces.ts';
import { processSuite } from './runtime/process.ts';
import { seccompSuite } from './runtime/seccomp.ts';
import { terminalSuite } from './runtime/terminal.ts';
import { youngSuite } from './runtime/young.ts';

export const suites: Readonly<Record<string, Suite>> = {
  bundle: bundleSuite,
  cgroups: cgroupsSuite,
  'command-line': commandLineSuite,
  exec: execSuite,
  files: filesSuite,
  hooks: hooksSuite,
  lifecycle: lifecycleSuite,
  mounts: mountsSuite,
  namespaces: namespacesSuite,
  process: processSuite,
  seccomp: seccompSuite,
  terminal: terminalSuite,
  young: youngSuite,
};
