// A command inside a traced script: TRACEPARENT in its environment names the trace, and what it does becomes part of that.
// Rule: without that variable, or with one of somebody else's trace, a command runs plainly. Whoever wrote it made the trace's folder.
import { existsSync } from 'node:fs';
import { paths } from '../../base/paths.ts';
import { newSpanId, parseTraceparent, runWithTrace, withCause } from '../../trace/context.ts';
import { emit, Recorder } from '../../trace/recorder.ts';
import { redactCommand } from '../../trace/redact.ts';

/** Runs `body` under the trace that the environment names. @source w3c trace-context, OpenTelemetry environment carriers: TRACEPARENT */
export async function inGivenTrace(
  words: readonly string[],
  body: () => Promise<number>,
  statusOf: (error: unknown) => number,
): Promise<number> {
  const given = parseTraceparent(process.env.TRACEPARENT);
  delete process.env.TRACEPARENT; // no program that this one starts is a command of the script
  if (given?.sampled !== true || !existsSync(`${paths.traces}/${given.traceId}/parts`)) return await body();
  const recorder = new Recorder(paths.traces, given.traceId, 'cli');
  try {
    return await runWithTrace({ ...given, spanId: newSpanId() }, recorder, () =>
      withCause(`command:${words[0] ?? ''}`, () => told(['tlab', ...redactCommand(words)], body, statusOf)),
    );
  } finally {
    recorder.close();
  }
}

/** A command with its first and its last event; `statusOf` is what it ends with when it throws. */
export async function told(
  command: string[],
  body: () => Promise<number>,
  statusOf: (error: unknown) => number,
): Promise<number> {
  emit('cli.command-started', { data: { command } });
  let status: number | undefined;
  try {
    status = await body();
    return status;
  } catch (error) {
    status = statusOf(error);
    throw error;
  } finally {
    emit('cli.command-ended', { data: status === undefined ? {} : { status } });
  }
}
