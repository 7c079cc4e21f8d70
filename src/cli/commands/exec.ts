// tlab exec: another process in a running container.

import type { DaemonClient } from '../../daemon/client.ts';
import type { ExecInspect, ExecRequest } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { variable, variablesOfFile } from '../create/readers.ts';
import { containerPath } from '../each.ts';
import { boolean, many, text } from '../flags/spec.ts';
import { resize } from '../run/attached.ts';
import { detachKeysFlag } from '../run/flags.ts';
import { followSize, rawTerminal, terminalSize } from '../run/raw-terminal.ts';
import { checkTerminal } from '../run/run.ts';
import { carryStreams, leaveRunning } from '../run/streams.ts';
import { exitStatusOfExec } from '../status.ts';

const flags = {
  detach: boolean('Run it in the background', { short: 'd' }),
  'detach-keys': detachKeysFlag,
  env: many('Set an environment variable', (given) => variable(given), { short: 'e' }),
  'env-file': many('Read environment variables from a file', variablesOfFile),
  interactive: boolean('Keep stdin open', { short: 'i' }),
  privileged: boolean('Give it all capabilities'),
  tty: boolean('Give it a terminal', { short: 't' }),
  user: text('User name or id, and group (USER[:GROUP])', { short: 'u' }),
  workdir: text('Working directory', { short: 'w' }),
};

export default defineCommand({
  operands: 'CONTAINER COMMAND [ARG...]',
  count: { min: 2 },
  flags,
  untilOperand: true,
  exitStatus: exitStatusOfExec,
  examples: [{ says: 'a shell beside the running program', line: 'tlab exec -it web sh' }],
  async run({ operands, flags: given }) {
    const [name = '', ...command] = operands;
    const attach = !given.detach;
    checkTerminal(attach && given.tty && given.interactive);
    const size = given.tty ? terminalSize() : undefined;
    const request: ExecRequest = {
      Cmd: command,
      Tty: given.tty,
      AttachStdin: attach && given.interactive,
      AttachStdout: attach,
      AttachStderr: attach,
      Env: [...given['env-file'].flat(), ...given.env],
      Privileged: given.privileged,
      ...(given.user === undefined ? {} : { User: given.user }),
      ...(given.workdir === undefined ? {} : { WorkingDir: given.workdir }),
      ...(given['detach-keys'] === undefined ? {} : { DetachKeys: given['detach-keys'] }),
      ...(size === undefined ? {} : { ConsoleSize: [size.rows, size.columns] }),
    };
    const client = connect();
    const made = await client.json<{ Id: string }>({
      method: 'POST',
      path: `${containerPath(name)}/exec`,
      body: request,
      provenance: { '': 'command:exec', '/Cmd': 'argument:COMMAND' },
    });
    if (attach) return await foreground(client, made.Id, request);
    await client.json({ method: 'POST', path: `/exec/${made.Id}/start`, body: { Detach: true, Tty: given.tty } });
    return 0;
  },
});

async function foreground(client: DaemonClient, id: string, request: ExecRequest): Promise<number> {
  const tty = request.Tty === true;
  const stdin = request.AttachStdin === true;
  const connection = await client.hijack({
    method: 'POST',
    path: `/exec/${id}/start`,
    body: { Detach: false, Tty: tty, ...(request.ConsoleSize == null ? {} : { ConsoleSize: request.ConsoleSize }) },
    provenance: { '': 'command:exec' },
  });
  const carry = () => carryStreams(connection, { stdin, tty, detachKeys: request.DetachKeys });
  const end = tty ? await withTerminal(client, id, stdin, carry) : await carry();
  if (end !== 'closed') return leaveRunning(end);
  const ended = await client.json<ExecInspect>({ method: 'GET', path: `/exec/${id}/json` });
  return ended.ExitCode ?? 0;
}

async function withTerminal<T>(client: DaemonClient, id: string, stdin: boolean, carry: () => Promise<T>): Promise<T> {
  using _raw = stdin ? rawTerminal() : undefined;
  using _size = followSize((size) => resize(client, `/exec/${id}/resize`, size));
  return await carry();
}
