// A daemon that a traced command started: what it takes over from the one before it belongs to that command's trace.
// Rule: only this work does; what the daemon does for others later is theirs.
import { paths } from '../base/paths.ts';
import { emit, traceDoor } from '../trace/recorder.ts';

/** Takes the trace of whoever started this process out of the environment, for nobody below to inherit; `run` is under it. */
export function traceOfStarter(): { run<T>(body: () => Promise<T>): Promise<T> } {
  const given = process.env.TRACEPARENT;
  delete process.env.TRACEPARENT;
  const door = { door: 'exec', peer: 'cli', method: 'start' } as const;
  return {
    run: (body) =>
      traceDoor(paths.traces, 'daemon').run(given, async () => {
        emit('daemon.request-received', { data: door });
        const result = await body();
        emit('daemon.response-sent', { data: { ...door, status: 0 } });
        return result;
      }),
  };
}
