// Records what a command does: opens a trace, attaches the tracer, runs the command, tells the story while it happens, closes the trace.
// Rule: the command's own status is handed on whatever becomes of the recording; a failure to record is printed, never returned.

import { asLabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import { paths } from '../../base/paths.ts';
import { closeTrace, openTrace, readParts } from '../../engine/traces.ts';
import { startTracing, type Tracing, withoutTracing } from '../../engine/tracing.ts';
import { newSpanId, runWithTrace, withCause } from '../../trace/context.ts';
import { Recorder } from '../../trace/recorder.ts';
import { redactCommand } from '../../trace/redact.ts';
import type { Level } from '../../trace/row.ts';
import type { LiveStory } from '../../viewer/live.ts';
import { exitStatusOfRun } from '../status.ts';
import { say, terminalColumns } from '../terminal.ts';
import { holdRequestsUntil } from './hold.ts';
import { told } from './join.ts';

export interface RecordOptions {
  /** Words after `tlab trace`: `run`, `-d`, `nginx`. */
  argv: string[];
  /** Tell the story while it runs; false while the container owns the terminal. */
  live: boolean;
  /** Whether system calls are recorded too. */
  syscalls: boolean;
  /** What is told: 0 is the story, as it happens; above that a list of events, at the end. */
  level: Level;
}

const statusOf = (error: unknown): number => exitStatusOfRun(asLabError(error).kind);

/** Runs `body` under a new trace; its status. */
export async function record(options: RecordOptions, body: () => Promise<number>): Promise<number> {
  const command = ['tlab', 'trace', ...redactCommand(options.argv)];
  const id = openTrace(command);
  const tracing = options.syscalls ? startTracing(id) : withoutTracing('system calls: left out by --no-syscalls');
  holdRequestsUntil(tracing.ready);
  const recorder = new Recorder(paths.traces, id, 'cli');
  // Loaded while the tracer is being attached, as is what `body` needs.
  const { LiveStory } = await import('../../viewer/live.ts');
  const story = new LiveStory(`${paths.traces}/${id}/parts`, { width: terminalColumns(), print: say });
  if (options.live && options.level === 0) story.start();
  let status: number | undefined;
  try {
    status = await runWithTrace({ traceId: id, spanId: newSpanId(), sampled: true }, recorder, () =>
      withCause(`command:${options.argv[0] ?? 'run'}`, () => told(command, body, statusOf)),
    );
    return status;
  } catch (error) {
    status = statusOf(error);
    throw error;
  } finally {
    story.stop();
    recorder.close();
    await finish({ id, status, tracing, level: options.level }, story);
  }
}

interface Recording {
  id: string;
  status: number | undefined;
  tracing: Tracing;
  level: Level;
}

/** The story is told before the tracer ends: the engine cleans up after its last answer, and that is still to be seen. */
async function finish({ id, status, tracing, level }: Recording, story: LiveStory): Promise<void> {
  try {
    const { storyEnd } = await import('../../viewer/story.ts');
    const trace = readParts(id);
    if (level === 0) story.tellRest(trace);
    const tracer = await tracing.end();
    closeTrace(id, { status, tracer }, trace);
    if (level > 0) await tellList(id, level);
    for (const line of storyEnd(trace, terminalColumns())) say(line);
  } catch (error) {
    await tracing.end();
    say(`the recording ${shortId(id)} was not closed: ${asLabError(error).message}`);
  }
}

async function tellList(id: string, level: Level): Promise<void> {
  const { loadTrace } = await import('../../engine/first-look.ts');
  const { listEvents } = await import('../../viewer/text.ts');
  const width = process.stderr.isTTY ? terminalColumns() : Number.POSITIVE_INFINITY;
  for (const line of listEvents(await loadTrace(id), { level, width })) say(line);
}
