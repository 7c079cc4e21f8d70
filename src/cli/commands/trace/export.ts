// `tlab trace export`: a trace as one file that another machine can show. Walked, since its system calls may be a million.
import { closeSync, openSync, statSync } from 'node:fs';
import { LabError } from '../../../base/errors.ts';
import { printable } from '../../../base/text.ts';
import { loadTrace } from '../../../engine/first-look.ts';
import { noFaults, wholeLines } from '../../../trace/calls.ts';
import type { Trace } from '../../../trace/file.ts';
import { writeLines } from '../../../trace/write.ts';
import { faultLines } from '../../../viewer/text.ts';
import { defineCommand } from '../../command.ts';
import { between } from '../../flags/readers.ts';
import { one, oneOf, text } from '../../flags/spec.ts';
import { printLines } from '../../output.ts';
import { say, terminalColumns } from '../../terminal.ts';

export default defineCommand({
  operands: '[TRACE|FILE]',
  count: { min: 0, max: 1 },
  flags: {
    format: one('jsonl: a header, then one event a line', oneOf('jsonl'), { value: 'format' }),
    level: one('3 with the system calls, as is the default; 2 without them', between(2, 3), {
      short: 'l',
      value: 'level',
    }),
    output: text('The file to write; standard output without it', { short: 'o', value: 'file' }),
  },
  says: 'Writes a trace as one file: a header, the events of levels 0 to 2, then the system calls. `tlab trace show FILE` reads it on any machine.',
  examples: [
    { says: 'keep the last trace', line: 'tlab trace export -o nginx.jsonl' },
    { says: 'without system calls: a tenth of the size', line: 'tlab trace export --level 2 -o nginx.jsonl' },
  ],
  run: async ({ flags, operands }) => {
    const trace = await loadTrace(operands[0] ?? 'last');
    const exported = flags.level === 2 ? withoutCalls(trace) : trace;
    const faults = noFaults();
    const lines = wholeLines(exported, faults);
    if (flags.output === undefined) return (await printLines(lines)) ? 0 : 1;
    const count = writeFile(flags.output, lines, trace);
    say(`${count - 1} events written to ${printable(flags.output)}`);
    for (const line of faultLines(faults, terminalColumns())) say(line);
    return 0;
  },
});

function withoutCalls(trace: Trace): Trace {
  if (trace.header.calls === undefined) return trace;
  const { calls: _calls, ...header } = trace.header;
  const blind = [...header.blind, 'system calls: left out when this file was exported'];
  const { calls: _section, ...rest } = trace;
  return { ...rest, header: { ...header, seen: trace.events.length, blind } };
}

/** Returns how many. @throws LabError invalidArgument when the file cannot be written. */
function writeFile(path: string, lines: Iterable<string>, trace: Trace): number {
  const fd = openOutput(path, trace);
  try {
    return writeLines(fd, lines);
  } catch (error) {
    throw error instanceof LabError ? error : cannotWrite(path, error);
  } finally {
    closeSync(fd);
  }
}

function openOutput(path: string, { calls }: Trace): number {
  if (calls !== undefined && isSameFile(path, calls.path)) {
    throw new LabError('invalidArgument', `--output "${path}": it is the trace itself, expected another file`);
  }
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

function cannotWrite(path: string, cause: unknown): LabError {
  const { code = 'EIO' } = cause as NodeJS.ErrnoException;
  return new LabError('invalidArgument', `--output "${path}": ${code}, expected a file that can be written`, { cause });
}
