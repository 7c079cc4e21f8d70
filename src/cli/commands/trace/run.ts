// `tlab trace run`: exactly `tlab run`, and every step of it recorded and told.
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { runFlags } from '../../run/flags.ts';
import { exitStatusOfRun } from '../../status.ts';
import { record } from '../../trace/record.ts';

export default defineCommand({
  operands: 'IMAGE [COMMAND] [ARG...]',
  count: { min: 1 },
  flags: { ...runFlags, 'no-syscalls': boolean('Record no system calls: levels 0 to 2 only') },
  untilOperand: true,
  exitStatus: exitStatusOfRun,
  says: 'Runs a container as `tlab run` does and records each step: messages between the stages, layers, mounts, cgroups, netlink messages, rules. With -d the story is told while it happens, else when the container has ended.',
  examples: [
    { says: 'the main job, step by step', line: 'tlab trace run -d -p 8080:80 --name web nginx' },
    { says: 'the same on the installed Docker, watched from outside', line: 'tlab trace --engine docker run -d nginx' },
    { says: 'what a memory limit causes', line: 'tlab trace run --rm --memory 64m busybox true' },
  ],
  run: (line) => {
    const argv = process.argv.slice(process.argv.indexOf('trace') + 1);
    return record({ argv, live: line.flags.detach, syscalls: !line.flags['no-syscalls'] }, async () => {
      const { run } = await import('../../run/run.ts');
      return await run(line);
    });
  },
});
