// Where a runtime does not do what the contract says: which, what it does instead, and why. The suites assert `instead`, so a row that
// is no longer true fails; README.md prints the table (node test/contract/table.ts).
import type { Difference } from './difference.ts';
import { atTheCommandLine } from './differences/command-line.ts';
import { inContainers } from './differences/container.ts';
import { onTheHost } from './differences/host.ts';
import { young } from './differences/young.ts';

export const differences: readonly Difference[] = [...inContainers, ...onTheHost, ...atTheCommandLine, ...young];
