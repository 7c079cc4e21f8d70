// Looks at a step's checks while the learner works elsewhere, until they pass. Ctrl-C ends the looking; nothing is lost by it.
import { setTimeout as sleep } from 'node:timers/promises';
import { paint } from '../../base/colour.ts';
import type { Learner } from '../../lesson/course.ts';
import { interrupted as stopped } from '../interrupt.ts';
import { print } from '../terminal.ts';
import { askChecks } from './ask-checks.ts';
import type { OpenAttempt } from './learner.ts';
import { showDebrief, showResults } from './show-step.ts';

const everyMs = 1_000;
/** A look that takes longer waits as long again, so that the machine is not busy with it. */
const pauseOf = (tookMs: number): number => Math.max(everyMs, tookMs);

export async function watchStep(learner: Learner, attempt: OpenAttempt): Promise<number> {
  const seed = learner.seedOf(attempt.lesson);
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  process.once('SIGINT', stop);
  print(paint.out('dim', 'Work in another terminal; this one looks every second. Ctrl-C ends the looking.'));
  try {
    for (let seen = 0; ; ) {
      const elsewhere = whatElsewhere(learner, attempt, seed);
      if (elsewhere !== undefined) {
        print(`${elsewhere} in another terminal. Go on: tlab learn`);
        return 0;
      }
      const began = performance.now();
      const { results, verdict } = await askChecks(learner, attempt, false);
      const passed = results.filter(({ state }) => state === 'passed').length;
      if (verdict === 'passed') {
        print('');
        showResults(attempt.step, results);
        showDebrief(attempt.step);
        print(paint.out('dim', 'Passed. Go on: tlab learn'));
        return 0;
      }
      if (passed > seen) print(`${passed} of ${attempt.step.checks.length} checks pass.`);
      seen = Math.max(seen, passed);
      await sleep(pauseOf(performance.now() - began), undefined, { signal: interrupted.signal });
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    print(paint.out('dim', '\nNothing is lost. Go on: tlab learn'));
    return stopped;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** What has become of the step since, so that nobody waits for what is over. */
function whatElsewhere(learner: Learner, { lesson, step }: OpenAttempt, seed: string): string | undefined {
  learner.reread();
  if (learner.seedOf(lesson) !== seed) return 'Begun anew';
  const { state } = learner.progressOf(lesson, step);
  return { passed: 'Passed', skipped: 'Skipped', predicting: 'Begun anew', doing: undefined }[state];
}
