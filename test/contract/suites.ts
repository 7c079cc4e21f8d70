// Every suite of the contract by topic; a topic has its test file, runtime-<topic>.test.ts.
import type { Suite } from './behaviour.ts';
import { lifecycleSuite } from './runtime/lifecycle.ts';
import { processSuite } from './runtime/process.ts';

export const suites: Readonly<Record<string, Suite>> = {
  lifecycle: lifecycleSuite,
  process: processSuite,
};
