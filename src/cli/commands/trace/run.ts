// `tlab trace run`: exactly `tlab run`, and every step of it recorded and told.
import { defineCommand } from '../../command.ts';
import { runFlags } from '../../run/flags.ts';
import { exitStatusOfRun } from '../../status.ts';
import { record } from '../../trace/record.ts';
import { recordingOf, traceFlags } from '../../trace/traced.ts';

export default defineCommand({
  operands: 'IMAGE [COMMAND] [ARG...]',
  count: { min: 1 },
  flags: {
    ...runFlags,
    ...traceFlags,
  },
  untilOperand: true,
  exitStatus: exitStatusOfRun,
  says: 'Runs a container as `tlab run` does and records each step: messages between the stages, layers, mounts, cgroups, netlink messages, rules, system calls. With -d the story is told while it happens, else when the container has ended; a list of level 1 to 3 when the command has ended.',
  examples: [
    { says: 'the main job, step by step', line: 'tlab trace run -d -p 8080:80 --name web nginx' },
    { says: 'the same on the installed Docker, watched from outside', line: 'tlab trace --engine docker run -d nginx' },
    { says: 'every system call of it, when it has ended', line: 'tlab trace run --level 3 --rm busybox true' },
    { says: 'what a memory limit causes', line: 'tlab trace run --rm --memory 64m busybox true' },
  ],
  run: (line) =>
    record({ ...recordingOf(line.flags), live: line.flags.detach }, async () => {
      const { run } = await import('../../run/run.ts');
      return await run(line);
    }),
});
