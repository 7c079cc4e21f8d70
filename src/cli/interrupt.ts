// Ctrl-C in a command of the learner's: status 5, to be gone on with. A prompt, the look of `learn` and a proof take the signal for themselves,
// since they have something to tell or to take away; everywhere else this is what it does.
// Rule: progress is written in one piece between two turns of the event loop, so that ending here loses nothing.
import { say } from './terminal.ts';

/** What the person stopped. */
export const interrupted = 5;

export async function orInterrupted(run: () => Promise<number>): Promise<number> {
  const stop = (): void => {
    if (process.listenerCount('SIGINT') > 1) return;
    say('Stopped. Nothing is lost; the same command goes on.');
    // What is still open, a request or a child, is not waited for.
    process.exit(interrupted);
  };
  process.on('SIGINT', stop);
  try {
    return await run();
  } finally {
    process.off('SIGINT', stop);
  }
}
