// Which stages a build needs, before anything is built: from the target backwards along FROM, COPY --from and RUN --mount=from. What is not
// reached is skipped. The graph has no cycles: a stage can only name one that stands before it.
import { LabError } from '../../base/errors.ts';
import type { Dockerfile, Stage } from '../../dockerfile/parse.ts';
import { dockerfileError } from '../../dockerfile/source.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';

export interface BuildPlan {
  target: Stage;
  /** In the order of the Dockerfile. */
  needed: Stage[];
  /** Number of the first step of each needed stage: its FROM. */
  firstStep: ReadonlyMap<Stage, number>;
  total: number;
}

/** `expandFrom`: the image of a FROM line with its variables replaced. Errors: invalidArgument with the line; notFound for a target. */
export function planBuild(
  file: Dockerfile,
  target: string | undefined,
  expandFrom: (stage: Stage) => string,
): BuildPlan {
  const last = target === undefined ? file.stages.at(-1) : findStage(file.stages, target);
  if (last === undefined)
    throw new LabError('notFound', `target stage "${target}" could not be found`, {
      hint: `stages are ${file.stages.map(({ name, index }) => name ?? index).join(', ')}`,
    });
  const reached = new Set<Stage>();
  const visit = (stage: Stage): void => {
    if (reached.has(stage)) return;
    reached.add(stage);
    for (const other of dependencies(file, stage, expandFrom(stage))) visit(other);
  };
  visit(last);
  const needed = file.stages.filter((stage) => reached.has(stage));
  const firstStep = new Map<Stage, number>();
  let total = 0;
  for (const stage of needed) {
    firstStep.set(stage, total + 1);
    total += 1 + stage.instructions.length;
  }
  return { target: last, needed, firstStep, total };
}

/** By name, without case, or by number. */
export const findStage = (stages: readonly Stage[], word: string): Stage | undefined =>
  stages.findLast(({ name }) => name?.toLowerCase() === word.toLowerCase()) ??
  (/^\d+$/.test(word) ? stages[Number(word)] : undefined);

/** A word of --from or FROM as a stage that stands before `stage`; undefined: it names an image. FROM takes no numbers. */
export function earlierStage(file: Dockerfile, stage: Stage, word: string): Stage | undefined {
  return findStage(file.stages.slice(0, stage.index), word);
}

function dependencies(file: Dockerfile, stage: Stage, image: string): Stage[] {
  const parent = /^\d+$/.test(image) ? undefined : earlierStage(file, stage, image);
  const named = stage.instructions.flatMap((instruction) =>
    fromWords(instruction).flatMap((word) => {
      const other = earlierStage(file, stage, word);
      if (other === undefined && /^\d+$/.test(word))
        throw dockerfileError(instruction.startLine, `--from=${word}: expected the number of an earlier stage`);
      return other === undefined ? [] : [other];
    }),
  );
  return parent === undefined ? named : [parent, ...named];
}

/** What an instruction takes files from, beside the context. */
export function fromWords(instruction: Instruction): string[] {
  const { flags } = instruction;
  const mounts = (flags.mount ?? []).flatMap((mount) =>
    mount.split(',').flatMap((part) => (part.startsWith('from=') ? [part.slice('from='.length)] : [])),
  );
  return [...(flags.from ?? []), ...mounts];
}
