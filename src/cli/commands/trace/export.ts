// `tlab trace export`: a trace as a file that another machine can show.
import { writeFileSync } from 'node:fs';
import { LabError } from '../../../base/errors.ts';
import { loadTrace } from '../../../engine/traces.ts';
import { traceLines } from '../../../trace/file.ts';
import { defineCommand } from '../../command.ts';
import { one, oneOf, text } from '../../flags/spec.ts';
import { say } from '../../terminal.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    format: one('jsonl: a header, then one event a line', oneOf('jsonl'), { value: 'format' }),
    output: text('The file to write; standard output without it', { short: 'o', value: 'file' }),
  },
  examples: [{ says: 'keep the last trace', line: 'tlab trace export --format jsonl -o nginx.jsonl' }],
  run: async ({ flags, operands }) => {
    const trace = await loadTrace(operands[0] ?? 'last');
    const content = [...traceLines(trace), ''].join('\n');
    if (flags.output === undefined) process.stdout.write(content);
    else {
      write(flags.output, content);
      say(`${trace.events.length} events written to ${flags.output}`);
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
