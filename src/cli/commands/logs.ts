// tlab logs: what a container has written; -f goes on until it ends.
import { demultiplexer } from '../../daemon/client.ts';
import type { ContainerInspect } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { lineCount, timestampText } from '../flags/readers.ts';
import { boolean, one } from '../flags/spec.ts';
import { copyOut, stopWhenClosed } from '../run/output.ts';

export default defineCommand({
  operands: 'CONTAINER',
  count: { min: 1, max: 1 },
  flags: {
    details: boolean('Show the attributes of each line', { hidden: true }),
    follow: boolean('Go on with what comes', { short: 'f' }),
    since: one('Only after this time (2026-11-20T12:00:00) or within this duration (10m)', timestampText),
    tail: one('Number of lines from the end (all by default)', lineCount, { short: 'n' }),
    timestamps: boolean('Show the time of each line', { short: 't' }),
    until: one('Only before this time or this long ago', timestampText),
  },
  examples: [{ says: 'the last ten lines, and what comes', line: 'tlab logs -f --tail 10 web' }],
  async run({ operands: [name = ''], flags }) {
    const client = connect();
    const found = await client.json<ContainerInspect>({ method: 'GET', path: `${containerPath(name)}/json` });
    const stream = await client.stream({
      method: 'GET',
      path: `${containerPath(name)}/logs`,
      query: {
        stdout: true,
        stderr: true,
        follow: flags.follow || undefined,
        since: flags.since,
        until: flags.until,
        timestamps: flags.timestamps || undefined,
        tail: flags.tail ?? 'all',
      },
    });
    stopWhenClosed(stream);
    const frames = demultiplexer((to, payload) =>
      copyOut(to === 'stderr' ? process.stderr : process.stdout, payload, stream),
    );
    const raw = found.Config.Tty === true;
    stream.on('data', (bytes: Buffer) => (raw ? copyOut(process.stdout, bytes, stream) : frames.push(bytes)));
    await new Promise<void>((resolve) => stream.on('close', () => resolve()));
    return 0;
  },
});
