// Proves a lesson on the real engine: unsolved it fails, every wrong answer fails with its own reply, the solution passes, and assertions on
// traces have the same verdicts by replay.
// Afterwards nothing bears a name of the attempt; what has none is looked for by who runs several of them side by side.
// Rule: each trial begins where a learner would stand: the earlier steps that it builds on are solved, and nothing else has been done. Where that
// is not so, what the lesson made is taken away, and they are solved again.
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../base/errors.ts';
import type { Lesson, Step } from '../format/load.ts';
import type { Check } from '../format/schema.ts';
import { fillAll, type Values, valuesOf } from '../vars.ts';
import { type CheckResult, checkStep, type Evidence, isStepPassed } from './check-step.ts';
import { leftOf } from './left.ts';
import { setUp, tearDown, writeFiles } from './prepare.ts';
import { replayStep } from './replay.ts';
import { replyTo } from './replies.ts';

const settling = { tries: 15, everyMs: 200 } as const;

export interface Stage {
  /** Runs shell as the learner would type it, in a terminal. Its status is not asked: wrong answers may fail by themselves. Errors: deadlineExceeded when it hangs. */
  type(shell: string): Promise<void>;
  /** For teardowns: it is typed also when `type` was stopped. */
  takeAway(shell: string): Promise<void>;
  /** Evidence from now on. */
  evidence(work?: string): Evidence;
}

export interface Proof {
  lesson: string;
  /** What was tried, in words. */
  trials: number;
  negative: number;
  failures: string[];
}

export interface ProofOptions {
  /** What the values of variables are made from. */
  seed: string;
  /** Without the wrong answers: unsolved and the solutions only. */
  isBrief?: boolean;
}

export async function proveLesson(
  lesson: Lesson,
  stage: Stage,
  { seed, isBrief = false }: ProofOptions,
): Promise<Proof> {
  return await new Prover(isBrief ? brief(lesson) : lesson, stage, valuesOf(lesson, seed)).prove();
}

const brief = (lesson: Lesson): Lesson => ({ ...lesson, steps: lesson.steps.map((step) => ({ ...step, wrong: [] })) });

class Prover {
  readonly #lesson: Lesson;
  readonly #values: Values;
  readonly #stage: Stage;
  readonly #proof: Proof;
  /** Steps that are solved, and nothing else is done; undefined: something else was typed. */
  #solved: Set<number> | undefined;
  /** Those that were solved when the last trial began. */
  #stood: ReadonlySet<number> = new Set();

  constructor(lesson: Lesson, stage: Stage, values: Values) {
    this.#lesson = fillAll(lesson, values);
    this.#values = values;
    this.#stage = stage;
    this.#proof = { lesson: lesson.id, trials: 0, negative: 0, failures: [] };
  }

  async prove(): Promise<Proof> {
    try {
      await this.#ending(() => this.#steps());
    } finally {
      await this.#ending(() => this.#clear());
    }
    await this.#nothingLeft();
    return this.#proof;
  }

  async #steps(): Promise<void> {
    for (const [index, step] of this.#lesson.steps.entries()) if (step.checks.length > 0) await this.#step(step, index);
  }

  /** What hangs is a failure of this lesson, and of no other. */
  async #ending(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LabError) || error.kind !== 'deadlineExceeded') throw error;
      this.#proof.failures.push(error.message);
    }
  }

  /** A process that was killed, and its cgroup, may need a moment to be gone. */
  async #nothingLeft(): Promise<void> {
    const look = (): Promise<string[]> => leftOf(this.#lesson, this.#values, this.#stage.evidence().daemon);
    let left = await look();
    for (let tries = 0; left.length > 0 && tries < settling.tries; tries++) {
      await sleep(settling.everyMs);
      left = await look();
    }
    if (left.length > 0) this.#proof.failures.push(`after the teardown there is still ${left.join(', ')}`);
  }

  async #step(step: Step, index: number): Promise<void> {
    await this.#trial(step, index, 'unsolved', undefined, async (results, evidence) => {
      if (isStepPassed(step, results)) return 'it is passed although nothing was done';
      // What other lessons do on this engine meanwhile is not of this one.
      const reply = await replyTo(step, results, { ...evidence, acted: async () => false });
      return reply && `nothing was done, and the reply is that of "${reply.means}"`;
    });
    for (const wrong of step.wrong) {
      if (wrong.do === undefined) continue;
      this.#proof.negative++;
      await this.#trial(step, index, `wrong "${wrong.means}"`, wrong.do, async (results, evidence) => {
        if (isStepPassed(step, results)) return 'it is passed';
        const reply = await replyTo(step, results, evidence);
        return reply?.means === wrong.means
          ? undefined
          : `the reply is that of "${reply?.means ?? 'nobody'}": ${saidOf(results)}`;
      });
    }
    const passes = (results: CheckResult[]): string | undefined =>
      isStepPassed(step, results) ? undefined : `it is not passed: ${saidOf(results)}`;
    for (const shell of step.also) await this.#trial(step, index, 'another right way', shell, passes);
    await this.#trial(step, index, 'solution', step.solve, passes);
    this.#solved = new Set([...this.#stood, index]);
  }

  async #trial(
    step: Step,
    index: number,
    name: string,
    shell: string | undefined,
    judge: (results: CheckResult[], evidence: Evidence) => string | undefined | Promise<string | undefined>,
  ): Promise<void> {
    await this.#standAt(index);
    writeFiles(step, this.#values);
    const evidence = this.#stage.evidence(this.#values.work);
    if (shell !== undefined) {
      this.#solved = undefined;
      await this.#stage.type(shell);
    }
    const judged = async (): Promise<string | undefined> => judge(await checkStep(step, evidence, new Set()), evidence);
    let failure = await judged();
    // A program that was started in the background may need a moment to end.
    for (let tries = 0; failure !== undefined && shell !== undefined && tries < settling.tries; tries++) {
      await sleep(settling.everyMs);
      failure = await judged();
    }
    failure ??= await differsByReplay(step, evidence);
    this.#proof.trials++;
    if (failure !== undefined) this.#proof.failures.push(`step ${step.id}, ${name}: ${failure}`);
  }

  async #standAt(index: number): Promise<void> {
    if (this.#solved === undefined || this.#solved.has(index)) {
      await this.#clear();
      await setUp({ lesson: this.#lesson, values: this.#values }, this.#stage.type);
      this.#solved = new Set();
    }
    const { steps } = this.#lesson;
    for (const [at, earlier] of steps.slice(0, steps[index]?.isAlone ? 0 : index).entries()) {
      if (this.#solved.has(at)) continue;
      writeFiles(earlier, this.#values);
      if (earlier.solve !== '') await this.#stage.type(earlier.solve);
      this.#solved.add(at);
    }
    this.#stood = this.#solved;
  }

  async #clear(): Promise<void> {
    await tearDown({ lesson: this.#lesson, values: this.#values }, this.#stage.takeAway);
  }
}

/** What was just traced, taken as a recording, gives every assertion the verdict that it has on the engine. */
async function differsByReplay(step: Step, evidence: Evidence): Promise<string | undefined> {
  const assertions = step.checks.filter(({ trace }) => trace !== undefined);
  if (assertions.length === 0) return undefined;
  const traced: Step = { ...step, checks: assertions.map((check) => ({ ...check, needs: [] })) };
  const live = await checkStep(traced, evidence, new Set());
  const replayed = (await evidence.traces()).flatMap((trace) => replayStep(traced, trace));
  const isReplayed = ({ id }: Check): boolean =>
    replayed.some(({ check, state }) => check.id === id && state === 'passed');
  const others = live.filter(({ check, state }) => (state === 'passed') !== isReplayed(check));
  return others.length === 0 ? undefined : `by replay the verdict is another one: ${saidOf(others)}`;
}

const saidOf = (results: readonly CheckResult[]): string =>
  results.map(({ check, state, saw }) => `${check.id} ${state} (${saw})`).join('; ');
