// `tlab trace --engine docker run …`, as dispatch.ts hands it on: everything from `run` on is docker's own.
import { defineCommand } from '../../command.ts';
import { one, oneOf, text, usageError } from '../../flags/spec.ts';
import { exitStatusOfRun } from '../../status.ts';
import { xray } from '../../trace/xray.ts';

export default defineCommand({
  operands: 'run [OPTIONS] IMAGE [COMMAND] [ARG...]',
  count: { min: 1 },
  flags: {
    engine: one('The engine to watch', oneOf('docker'), { value: 'docker' }),
    host: text("The dockerd's socket, as docker takes it", { short: 'H', value: 'unix://path' }),
  },
  untilOperand: true,
  exitStatus: exitStatusOfRun,
  says: 'Written `tlab trace --engine docker run …` too. Runs `docker run …` on the installed Docker and watches dockerd, containerd, shim and runc from outside: processes, mounts, cgroups, netlink messages, rules, every system call, each with its cause as far as observation goes.',
  examples: [
    { says: 'the main job on a real Docker', line: 'tlab trace --engine docker run -d -p 8080:80 nginx' },
    {
      says: 'what a real Docker does differently: the same with ours, then both',
      line: 'tlab trace run -d -p 8081:80 nginx; tlab trace ls; tlab trace diff last ID',
    },
  ],
  run: ({ flags, operands }) => {
    if (operands[0] !== 'run') throw usageError(`tlab trace --engine docker: expected run, got "${operands[0]}"`);
    return xray(operands, flags.host);
  },
});
