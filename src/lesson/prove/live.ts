// A lesson solved step by step on the engine, its checks asked after each: the facts of a live proof. What it makes is taken away.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Verdict } from '../check/verdict.ts';
import type { Lesson, Step } from '../format/load.ts';
import { checkStep, type Evidence, isStepPassed } from '../run/check-step.ts';
import { type Shell, setUp, tearDown, writeFiles } from '../run/prepare.ts';
import { type Values, valuesOf } from '../vars.ts';

export interface LiveStage {
  type: Shell;
  /** For teardowns: it is typed also when `type` was stopped. */
  takeAway: Shell;
  evidence(work?: string): Evidence;
}

/** A program that was started in the background needs a moment. */
const settling = { tries: 15, everyMs: 200 } as const;

/** `lesson` has its values in it, made from its id. */
export async function solvedVerdicts(lesson: Lesson, stage: LiveStage): Promise<Map<string, Verdict>> {
  const prepared = { lesson, values: valuesOf(lesson, lesson.id) };
  const verdicts = new Map<string, Verdict>();
  await tearDown(prepared, stage.takeAway);
  try {
    await setUp(prepared, stage.type);
    for (const step of lesson.steps)
      for (const [id, verdict] of await solved(step, prepared.values, stage)) verdicts.set(id, verdict);
  } finally {
    await tearDown(prepared, stage.takeAway);
  }
  return verdicts;
}

async function solved(step: Step, values: Values, stage: LiveStage): Promise<Array<[string, Verdict]>> {
  writeFiles(step, values);
  const evidence = stage.evidence(values.work);
  if (step.solve !== '') await stage.type(step.solve);
  let results = await checkStep(step, evidence, new Set());
  for (let tries = 0; tries < settling.tries && !isStepPassed(step, results); tries++) {
    await sleep(settling.everyMs);
    results = await checkStep(step, evidence, new Set());
  }
  return results.map(({ check, ...verdict }) => [check.id, verdict]);
}
