// `tlab trace twin`: a run as a shell script of the commands that a person would type.
import { writeFileSync } from 'node:fs';
import { LabError } from '../../../base/errors.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import { twinScript } from '../../../explain/twin.ts';
import { defineCommand } from '../../command.ts';
import { text } from '../../flags/spec.ts';
import { say } from '../../terminal.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: { output: text('The file to write; standard output without it', { short: 'o', value: 'file' }) },
  says: 'Writes the run of a trace as a shell script: the command for each step, with its event and its cause, and beside each the command that takes it back. The script builds the same container without tlab; `sh FILE clean` removes it.',
  examples: [
    { says: 'the last run, by hand', line: 'tlab trace twin -o nginx.sh && sudo sh nginx.sh' },
    { says: 'and away with it', line: 'sudo sh nginx.sh clean' },
    { says: 'layers from an OCI layout', line: 'sudo LAYERS=/tmp/nginx sh nginx.sh' },
  ],
  run: async ({ flags, operands }) => {
    const script = [...twinScript(await loadTrace(operands[0] ?? 'last')), ''].join('\n');
    if (flags.output === undefined) process.stdout.write(script);
    else {
      write(flags.output, script);
      say(`written to ${flags.output}: read it, then run it as root`);
    }
    return 0;
  },
});

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new LabError('invalidArgument', `--output "${path}": ${code}, expected a file that can be written`, {
      cause: error,
    });
  }
}
