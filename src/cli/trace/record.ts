// Records what a command does: opens a trace, attaches the tracer, runs the command, tells the story while it happens, closes the trace.
// Rule: the command's own status is handed on whatever becomes of the recording; a failure to record is printed, never returned.

import { asLabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import { paths } from '../../base/paths.ts';
import { closeTrace, openTrace } from '../../engine/traces.ts';
import { startTracing, type TracerOutcome, withoutTracing } from '../../engine/tracing.ts';
import { newSpanId, runWithTrace, withCause } from '../../trace/context.ts';
import type { Trace } from '../../trace/file.ts';
import { emit, Recorder } from '../../trace/recorder.ts';
import { redactCommand } from '../../trace/redact.ts';
import { LiveStory } from '../../viewer/live.ts';
import { storyEnd } from '../../viewer/story.ts';
import { holdRequestsUntil } from '../connection.ts';
import { exitStatusOfRun } from '../status.ts';
import { say, terminalColumns } from '../terminal.ts';

export interface RecordOptions {
  /** Words after `tlab trace`: `run`, `-d`, `nginx`. */
  argv: string[];
  /** Tell the story while it runs; false while the container owns the terminal. */
  live: boolean;
  /** Whether system calls are recorded too. */
  syscalls: boolean;
}

/** Runs `body` under a new trace; its status. */
export async function record(options: RecordOptions, body: () => Promise<number>): Promise<number> {
  const command = ['tlab', 'trace', ...redactCommand(options.argv)];
  const id = openTrace(command);
  const tracing = options.syscalls ? startTracing(id) : withoutTracing('system calls: left out by --no-syscalls');
  holdRequestsUntil(tracing.ready);
  const recorder = new Recorder(paths.traces, id, 'cli');
  const story = new LiveStory(`${paths.traces}/${id}/parts`, { width: terminalColumns(), print: say });
  if (options.live) story.start();
  let status: number | undefined;
  try {
    status = await runWithTrace({ traceId: id, spanId: newSpanId(), sampled: true }, recorder, () =>
      withCause(`command:${options.argv[0] ?? 'run'}`, async () => {
        emit('cli.command-started', { data: { command } });
        try {
          status = await body();
          return status;
        } catch (error) {
          status = exitStatusOfRun(asLabError(error).kind);
          throw error;
        } finally {
          emit('cli.command-ended', { data: status === undefined ? {} : { status } });
        }
      }),
    );
    return status;
  } finally {
    story.stop();
    recorder.close();
    finish(id, { status, tracer: await tracing.end() }, story);
  }
}

function finish(id: string, end: { status: number | undefined; tracer: TracerOutcome }, story: LiveStory): void {
  let trace: Trace;
  try {
    trace = closeTrace(id, end);
  } catch (error) {
    say(`the recording ${shortId(id)} was not closed: ${asLabError(error).message}`);
    return;
  }
  story.tellRest(trace);
  for (const line of storyEnd(trace, terminalColumns())) say(line);
}
