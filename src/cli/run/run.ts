// The logic of `run` and `trace run`: from a parsed line to an exit status.
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import { connect } from '../connection.ts';
import { type CreateLine, prepareCreate } from '../create/request.ts';
import { usageError } from '../flags/spec.ts';
import { print } from '../terminal.ts';
import { runInForeground } from './attached.ts';
import { createContainer } from './create.ts';
import type { RunLine } from './flags.ts';

/** Runs a container; the container's own status, or 0 once it runs in the background. */
export async function run(line: RunLine, client: DaemonClient = connect()): Promise<number> {
  const { detach, rm, tty } = line.flags;
  if (rm === true && line.flags.restart !== undefined && line.flags.restart.Name !== 'no') {
    throw usageError('--rm and --restart exclude each other');
  }
  const prepared = prepareCreate(line as unknown as CreateLine, detach);
  checkTerminal(tty === true && prepared.attached.stdin);
  const id = await createContainer(client, line as unknown as CreateLine, prepared);
  if (!prepared.attached.stdout && !prepared.attached.stderr && !prepared.attached.stdin) {
    await client.json({ method: 'POST', path: `/containers/${id}/start` });
    print(id);
    return 0;
  }
  return await runInForeground(client, {
    id,
    attached: prepared.attached,
    tty: tty === true,
    untilRemoved: rm === true,
    sigProxy: line.flags['sig-proxy'],
    detachKeys: line.flags['detach-keys'],
    start: true,
  });
}

/** A terminal inside needs one outside, when somebody types. */
export function checkTerminal(needed: boolean): void {
  if (!needed || process.stdin.isTTY) return;
  throw new LabError('usage', 'the input device is not a terminal, and -t needs one with -i', {
    hint: 'leave out -t',
  });
}
