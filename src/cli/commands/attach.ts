// tlab attach: joins the streams of a running container.
import { LabError } from '../../base/errors.ts';
import type { ContainerInspect } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { boolean } from '../flags/spec.ts';
import { runInForeground } from '../run/attached.ts';
import { detachKeysFlag } from '../run/flags.ts';
import { checkTerminal } from '../run/run.ts';

export default defineCommand({
  operands: 'CONTAINER',
  count: { min: 1, max: 1 },
  says: 'With a terminal, ctrl-p ctrl-q detaches and leaves the container running.',
  flags: {
    'detach-keys': detachKeysFlag,
    'no-stdin': boolean('Do not attach stdin'),
    'sig-proxy': boolean('Hand signals to the container (--sig-proxy=false: do not)', { initial: true }),
  },
  async run({ operands: [name = ''], flags }) {
    const client = connect();
    const found = await client.json<ContainerInspect>({ method: 'GET', path: `${containerPath(name)}/json` });
    if (!found.State.Running || found.State.Paused) {
      const is = found.State.Status;
      throw new LabError('conflict', `attaching to container "${name}": it is ${is}, must be running`, {
        hint: is === 'paused' ? `tlab unpause ${name}` : `tlab start -a ${name}`,
      });
    }
    const stdin = !flags['no-stdin'] && found.Config.OpenStdin === true;
    const tty = found.Config.Tty === true;
    checkTerminal(tty && stdin);
    return await runInForeground(client, {
      id: found.Id,
      attached: { stdin, stdout: true, stderr: true },
      tty,
      untilRemoved: false,
      sigProxy: flags['sig-proxy'] && !tty,
      detachKeys: flags['detach-keys'],
      start: false,
    });
  },
});
