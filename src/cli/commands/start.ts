// tlab start: starts containers that exist; with -a in the foreground.
import type { ContainerInspect } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath, forEach } from '../each.ts';
import { boolean, usageError } from '../flags/spec.ts';
import { runInForeground } from '../run/attached.ts';
import { detachKeysFlag } from '../run/flags.ts';
import { checkTerminal } from '../run/run.ts';

export default defineCommand({
  operands: 'CONTAINER [CONTAINER...]',
  count: { min: 1 },
  flags: {
    attach: boolean('Show its output, hand signals on, and end with its status', { short: 'a' }),
    'detach-keys': detachKeysFlag,
    interactive: boolean('Attach stdin too', { short: 'i' }),
  },
  async run({ operands, flags }) {
    const client = connect();
    if (!flags.attach && !flags.interactive) {
      return await forEach(operands, (name) => client.json({ method: 'POST', path: `${containerPath(name)}/start` }));
    }
    const [name = '', ...others] = operands;
    if (others.length > 0) throw usageError('only one container can be attached');
    const found = await client.json<ContainerInspect>({ method: 'GET', path: `${containerPath(name)}/json` });
    const stdin = flags.interactive && found.Config.OpenStdin === true;
    const tty = found.Config.Tty === true;
    checkTerminal(tty && stdin);
    return await runInForeground(client, {
      id: found.Id,
      attached: { stdin, stdout: true, stderr: true },
      tty,
      untilRemoved: found.HostConfig.AutoRemove === true,
      sigProxy: !tty,
      detachKeys: flags['detach-keys'],
      start: true,
    });
  },
});
