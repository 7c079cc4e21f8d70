// Builds the stages that are needed, each once: a stage that others wait for is one promise, and those that wait for nothing run side by side.

import { LabError } from '../../base/errors.ts';
import type { Dockerfile, Stage } from '../../dockerfile/parse.ts';
import { expandWord } from '../../dockerfile/words.ts';
import type { ResolvedImage } from '../image/store.ts';
import { ArgumentScope, platformArguments } from './arguments.ts';
import { resolveBase, stateOfImage, withPath } from './base.ts';
import { type BuildPlan, earlierStage, planBuild } from './plan.ts';
import { platformOf } from './request.ts';
import type { BuildSession } from './session.ts';
import { StageBuild } from './stage.ts';
import { type BuildState, scratch } from './state.ts';
import type { StageHost } from './step.ts';

export class Solver implements StageHost {
  readonly session: BuildSession;
  readonly file: Dockerfile;
  readonly plan: BuildPlan;
  readonly escapeToken: string;
  /** .dockerignore of the context; clients apply it before they send, and we once more. */
  readonly ignored: StageHost['ignored'];
  readonly #globals: Map<string, string>;
  readonly #stages = new Map<Stage, Promise<BuildState>>();
  readonly #images = new Map<string, Promise<ResolvedImage>>();

  /** Errors: invalidArgument with a line. */
  constructor(session: BuildSession, file: Dockerfile, ignored: StageHost['ignored']) {
    this.ignored = ignored;
    this.session = session;
    this.file = file;
    this.escapeToken = file.directives.escape;
    this.#globals = this.#declareGlobals();
    this.plan = planBuild(file, session.request.target, (stage) => this.#imageWord(stage));
  }

  /** The state after the target's last instruction. A failure anywhere ends all. */
  async solve(): Promise<BuildState> {
    const building = this.plan.needed.map((stage) => this.stage(stage));
    await Promise.all(building);
    return await this.stage(this.plan.target);
  }

  /** After a failure: waits until nothing of this build runs any more, so that its things can be taken away. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#stages.values());
  }

  stage(stage: Stage): Promise<BuildState> {
    const known = this.#stages.get(stage);
    if (known !== undefined) return known;
    const building = new StageBuild(this, stage).run();
    this.#stages.set(stage, building);
    building.catch(() => {}); // whoever needs it, and solve(), see it
    return building;
  }

  /** What FROM says: nothing, an earlier stage, an image. */
  async baseOf(stage: Stage, step: number): Promise<BuildState> {
    const platform = stage.from.flags.platform?.[0];
    if (platform !== undefined) platformOf(this.#expand(platform));
    const word = this.#imageWord(stage);
    if (word === 'scratch') return withPath(scratch(this.session.request.platform));
    const parent = /^\d+$/.test(word) ? undefined : earlierStage(this.file, stage, word);
    if (parent !== undefined) return await this.stage(parent);
    return stateOfImage(this.session, await this.image(word, step));
  }

  /** What --from names: an earlier stage by name or number, or an image. */
  async treeOf(stage: Stage, word: string, step: number): Promise<BuildState> {
    const other = earlierStage(this.file, stage, word);
    if (other !== undefined) return await this.stage(other);
    return stateOfImage(this.session, await this.image(word, step));
  }

  image(name: string, step: number): Promise<ResolvedImage> {
    const known = this.#images.get(name);
    if (known !== undefined) return known;
    const resolving = resolveBase(this.session, name, step);
    this.#images.set(name, resolving);
    resolving.catch(() => {});
    return resolving;
  }

  /** What an ARG without a default in this stage takes its value from. */
  outerArguments(stage: Stage): ReadonlyMap<string, string> {
    return new Map([
      ...platformArguments(this.session.request.platform, stage.name ?? `${stage.index}`),
      ...this.#globals,
    ]);
  }

  #declareGlobals(): Map<string, string> {
    const { given, request } = this.session;
    const scope = new ArgumentScope(given, platformArguments(request.platform, ''));
    const values = platformArguments(request.platform, request.target ?? '');
    for (const instruction of this.file.globals) {
      for (const { name, value } of instruction.arguments.kind === 'pairs' ? instruction.arguments.pairs : []) {
        const fallback =
          value === undefined ? undefined : expandWord(value, (each) => values.get(each), this.escapeToken).value;
        scope.declare(name, fallback);
        const now = scope.get(name);
        if (now !== undefined) values.set(name, now);
      }
    }
    return values;
  }

  #expand = (word: string): string => expandWord(word, (name) => this.#globals.get(name), this.escapeToken).value;

  #imageWord(stage: Stage): string {
    const { from } = stage;
    const written = from.arguments.kind === 'from' ? from.arguments.image : '';
    const image = this.#expand(written);
    if (image !== '') return image;
    throw new LabError(
      'invalidArgument',
      `Dockerfile line ${from.startLine}: base name (${written}) should not be blank`,
      {
        hint: 'give the argument a default before FROM, or a value by --build-arg',
        data: { line: from.startLine },
      },
    );
  }
}
