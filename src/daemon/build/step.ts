// What a step is given and what comes out of it, and what it may ask of the build as a whole. Types only: stages, steps and solver meet here.
import type { Stage } from '../../dockerfile/parse.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Lookup } from '../../dockerfile/words.ts';
import type { ArgumentScope } from './arguments.ts';
import type { BuildPlan } from './plan.ts';
import type { BuildSession } from './session.ts';
import type { BuildState } from './state.ts';

/** The solver, as stages see it. */
export interface StageHost {
  readonly session: BuildSession;
  readonly plan: BuildPlan;
  readonly escapeToken: string;
  /** .dockerignore of the context; clients apply it before they send, and we once more. */
  readonly ignored: (path: string, isDirectory: boolean) => boolean;
  /** What FROM says: nothing, an earlier stage, an image. */
  baseOf(stage: Stage, step: number): Promise<BuildState>;
  /** What --from names: an earlier stage by name or number, or an image. */
  treeOf(stage: Stage, word: string, step: number): Promise<BuildState>;
  /** What an ARG without a default in this stage takes its value from. */
  outerArguments(stage: Stage): ReadonlyMap<string, string>;
}

/** What a step sees. */
export interface StepInput {
  solver: StageHost;
  stage: Stage;
  instruction: Instruction;
  /** Counts over all stages that are built. */
  step: number;
  /** Number in its own stage. */
  index: number;
  state: BuildState;
  scope: ArgumentScope;
  lookup: Lookup;
  expand(word: string): string;
}

export interface FileStep {
  state: BuildState;
  /** Of the layer's blob; 0 without one. */
  sizeBytes: number;
}
