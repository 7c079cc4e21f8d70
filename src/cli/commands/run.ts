// tlab run: the logic is in run/run.ts, where `trace run` finds it too.
import { defineCommand } from '../command.ts';
import { runFlags } from '../run/flags.ts';
import { run } from '../run/run.ts';
import { exitStatusOfRun } from '../status.ts';

export default defineCommand({
  operands: 'IMAGE [COMMAND] [ARG...]',
  count: { min: 1 },
  flags: runFlags,
  untilOperand: true,
  exitStatus: exitStatusOfRun,
  examples: [
    { says: 'a shell in a new container, gone when you leave it', line: 'tlab run -it --rm busybox sh' },
    { says: 'a web server in the background, on port 8080', line: 'tlab run -d -p 8080:80 --name web nginx' },
    { says: 'the same, and see every step of it', line: 'tlab trace run -d -p 8080:80 --name web nginx' },
  ],
  run: (line) => run(line),
});
