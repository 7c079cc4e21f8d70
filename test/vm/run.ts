// `npm run test:vm` runs the tests that need a machine of their own, in each machine that they are for.
// `npm run test:vm -- [--machine NAME] COMMAND…` runs one command in one machine, and ends with its status.
import { parseArgs } from 'node:util';
import { guestCommand, guestRounds } from './guests.ts';
import { type MachineName, machineNames, runInMachine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { machine: { type: 'string', default: 'bare' } },
});
const machine = machineNames.find((name) => name === values.machine);
if (machine === undefined) throw new Error(`--machine "${values.machine}": expected ${machineNames.join(', ')}`);

const rounds: { machine: MachineName; command: string }[] =
  positionals.length > 0
    ? [{ machine, command: positionals.join(' ') }]
    : guestRounds.map(({ machine, files, more = [] }) => ({ machine, command: guestCommand([...files, ...more]) }));

for (const { machine, command } of rounds) {
  const { status, tally } = await runInMachine(machine, command);
  if (tally !== undefined)
    console.log(`${machine}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`);
  if (status !== 0) process.exitCode = status;
}
