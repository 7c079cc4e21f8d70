// One stage: its instructions in order, each from the state before to the state after it. Instructions that change files go through the cache and
// make a layer (steps.ts); the others change only the configuration (metadata.ts).
import { asLabError, inContext, LabError } from '../../base/errors.ts';
import { instructionOf } from '../../dockerfile/instruction.ts';
import type { Stage } from '../../dockerfile/parse.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { expandWord, type Lookup } from '../../dockerfile/words.ts';
import { digestOf } from '../../oci/digest.ts';
import { withCause } from '../../trace/context.ts';
import { emit } from '../../trace/recorder.ts';
import { ArgumentScope } from './arguments.ts';
import { valueIn } from './environment.ts';
import { metadataInstructions } from './metadata.ts';
import { imageConfigOf } from './publish.ts';
import type { BuildState } from './state.ts';
import type { FileStep, StageHost, StepInput } from './step.ts';
import { copyStep } from './steps/copy.ts';
import { metadataStep } from './steps/layer-step.ts';
import { runStep } from './steps/run.ts';
import { workdirStep } from './steps/workdir.ts';

export class StageBuild {
  readonly #solver: StageHost;
  readonly #stage: Stage;
  readonly #scope: ArgumentScope;
  #isCmdOwn = false;

  constructor(solver: StageHost, stage: Stage) {
    this.#solver = solver;
    this.#stage = stage;
    this.#scope = new ArgumentScope(solver.session.given, solver.outerArguments(stage));
  }

  async run(): Promise<BuildState> {
    const first = this.#solver.plan.firstStep.get(this.#stage) ?? 1;
    let state = await this.#from(first);
    for (const [index, instruction] of this.#stage.instructions.entries())
      state = await this.#step(state, { instruction, step: first + 1 + index, index: index + 1 });
    return state;
  }

  async #from(step: number): Promise<BuildState> {
    const { from } = this.#stage;
    const startedMs = this.#start(from, step);
    const base = await at(from, () => this.#solver.baseOf(this.#stage, step));
    // Triggers of the base run here and are not handed on.
    const { OnBuild: triggers = [], ...config } = base.config;
    let state: BuildState = { ...base, config };
    this.#finish(step, { state, startedMs, sizeBytes: 0 });
    for (const [index, text] of triggers.entries()) {
      const instruction = at(from, () => triggerOf(text, this.#solver.escapeToken, from.startLine));
      state = await this.#step(state, { instruction, step, index: -1 - index });
    }
    return state;
  }

  async #step(
    state: BuildState,
    { instruction, step, index }: { instruction: Instruction; step: number; index: number },
  ): Promise<BuildState> {
    this.#solver.session.signal.throwIfAborted();
    const startedMs = this.#start(instruction, step);
    const done = await at(instruction, () =>
      withCause(`dockerfile:${instruction.startLine}`, () =>
        this.#execute({ ...this.#inputOf(state, instruction), step, index }),
      ),
    );
    this.#finish(step, { ...done, startedMs });
    return done.state;
  }

  #inputOf(state: BuildState, instruction: Instruction): Omit<StepInput, 'step' | 'index'> {
    const env = state.config.Env ?? [];
    // The environment wins over arguments. @source dockerfile reference: Using ARG variables
    const lookup: Lookup = (name) => valueIn(env, name) ?? this.#scope.get(name);
    return {
      solver: this.#solver,
      stage: this.#stage,
      instruction,
      state,
      scope: this.#scope,
      lookup,
      expand: (word) => expandWord(word, lookup, this.#solver.escapeToken).value,
    };
  }

  async #execute(input: StepInput): Promise<FileStep> {
    const { instruction } = input;
    switch (instruction.keyword) {
      case 'RUN':
        return await runStep(input);
      case 'COPY':
      case 'ADD':
        return await copyStep(input);
      case 'WORKDIR':
        return await workdirStep(input);
      case 'ARG':
        return await this.#declare(input);
      default:
        return await this.#metadata(input);
    }
  }

  #declare(input: StepInput): Promise<FileStep> {
    const { instruction, expand } = input;
    const pairs = instruction.arguments.kind === 'pairs' ? instruction.arguments.pairs : [];
    const spelt = pairs.map(({ name, value }) => {
      const fallback = value === undefined ? undefined : expand(value);
      this.#scope.declare(name, fallback);
      return fallback === undefined ? name : `${name}=${fallback}`;
    });
    return metadataStep(input, `ARG ${spelt.join(' ')}`);
  }

  #metadata(input: StepInput): Promise<FileStep> {
    const { instruction, state, expand } = input;
    const change = metadataInstructions[instruction.keyword];
    if (change === undefined) throw new LabError('internal', `${instruction.keyword}: nobody executes it`);
    const { config, author, text, isCmdOwn } = change(instruction, {
      config: state.config,
      expand,
      isCmdOwn: this.#isCmdOwn,
    });
    this.#isCmdOwn ||= isCmdOwn ?? false;
    return metadataStep({ ...input, state: { ...state, config, author: author ?? state.author } }, text);
  }

  #start({ text, startLine }: Instruction, step: number): number {
    const stage = this.#stage.name ?? `${this.#stage.index}`;
    this.#solver.session.reporter.report({ kind: 'step-started', step, stage, text, line: startLine });
    emit('daemon.build-step-started', {
      data: { step, stage, instruction: text, line: startLine },
      cause: `dockerfile:${startLine}`,
    });
    return performance.now();
  }

  #finish(step: number, { state, startedMs, sizeBytes }: FileStep & { startedMs: number }): void {
    const durationMs = Math.round(performance.now() - startedMs);
    this.#solver.session.reporter.report({
      kind: 'step-finished',
      step,
      id: digestOf(JSON.stringify(imageConfigOf(state))),
      durationMs,
      sizeBytes,
    });
    emit('daemon.build-step-finished', { data: { step, durationMs, sizeBytes } });
  }
}

function triggerOf(text: string, escapeToken: string, line: number): Instruction {
  return inTrigger(text, () => instructionOf({ text, startLine: line, endLine: line, heredocs: [] }, escapeToken));
}

function inTrigger<T>(text: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw inContext(`trigger "${text}" of the base image`, error);
  }
}

/** Every failure knows the line that it belongs to. */
function at<T>({ startLine, endLine, text }: Instruction, body: () => T): T {
  const placed = (thrown: unknown): LabError => {
    const error = asLabError(thrown);
    if (error.data?.line !== undefined) return error;
    return new LabError(error.kind, error.message, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      data: { ...error.data, line: startLine, endLine, instruction: text },
    });
  };
  try {
    const result = body();
    if (!(result instanceof Promise)) return result;
    return result.catch((thrown: unknown) => {
      throw placed(thrown);
    }) as T;
  } catch (thrown) {
    throw placed(thrown);
  }
}
