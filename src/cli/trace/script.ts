// A script under one trace: its lines are run one after the other by /bin/sh, and every `tlab` in them joins the trace (join.ts).
// Rule: a line that fails does not end the script, since what follows a failure is what one wants to see; the status is that of the last line.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { childSpan } from '../../trace/context.ts';
import { emit } from '../../trace/recorder.ts';
import { redact, redactCommand } from '../../trace/redact.ts';
import { requestsMayGo } from './hold.ts';

/** What a line printed, as far as the trace keeps it. */
const mostOutput = 2_000;

/** The lines that are run: comments and empty ones are not, and a backslash at the end goes on in the next. */
export function stepsOf(script: string): string[] {
  return script
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** @throws LabError invalidArgument for a script that cannot be read or has no line to run. */
export function readSteps(file: string): string[] {
  const name = file === '-' ? 'standard input' : `"${file}"`;
  let steps: string[];
  try {
    steps = stepsOf(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new LabError('invalidArgument', `reading the script ${name}: ${code}, expected a text file`, {
      cause: error,
    });
  }
  if (steps.length > 0) return steps;
  throw new LabError('invalidArgument', `the script ${name} has no line to run: expected shell commands, one a line`);
}

/** Runs every line under the current trace; the status of the last one. */
export async function runSteps(steps: readonly string[]): Promise<number> {
  let status = 0;
  await requestsMayGo();
  for (const [i, line] of steps.entries()) {
    const number = i + 1;
    const shown = redactCommand(line.split(' ')).join(' ');
    emit('cli.step-started', { data: { number, line: shown } });
    const ended = await runLine(line);
    status = ended.status;
    emit('cli.step-ended', { data: { number, status, ...(redact({ output: ended.output }) as { output: string }) } });
  }
  return status;
}

/** One line, its output passed on as it comes. */
function runLine(line: string): Promise<{ status: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; output: string }>();
  const traceparent = childSpan()?.traceparent;
  const child = spawn('/bin/sh', ['-c', line], {
    env: { ...process.env, ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }) },
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (stream: NodeJS.WritableStream) => (text: string) => {
    stream.write(text);
    if (output.length <= mostOutput) output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep(process.stdout));
  child.stderr.setEncoding('utf8').on('data', keep(process.stderr));
  child.once('error', reject);
  // Its end, not that of its pipes: a daemon that it started may hold them.
  child.once('exit', (code, signal) => {
    setImmediate(() => resolve({ status: code ?? 128 + (signal === 'SIGKILL' ? 9 : 15), output }));
  });
  return promise;
}
