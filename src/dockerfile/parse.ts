// Door of this folder: a Dockerfile's text → its global arguments and its stages. Every later reader (the linter, the builder) starts here.
import { instructionOf } from './instruction.ts';
import { type Directives, dockerfileError, type Remark, readSource } from './source.ts';
import type { Instruction } from './syntax.ts';

export interface Stage {
  /** From 0; COPY --from may name it so. */
  index: number;
  /** As written; names are compared without case. */
  name: string | undefined;
  from: Instruction;
  /** Behind FROM. */
  instructions: Instruction[];
}

export interface Dockerfile {
  directives: Directives;
  /** ARG before the first FROM: seen by FROM lines, and by stages that name them again. */
  globals: Instruction[];
  stages: Stage[];
  remarks: Remark[];
}

/** Throws LabError invalidArgument with the line: `Dockerfile line 3: …`. */
export function parseDockerfile(text: string): Dockerfile {
  const { directives, lines, remarks } = readSource(text);
  const globals: Instruction[] = [];
  const stages: Stage[] = [];
  for (const line of lines) {
    const instruction = instructionOf(line, directives.escape);
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') stages.push(stageOf(instruction, stages.length));
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') globals.push(instruction);
    else throw dockerfileError(line.startLine, `${instruction.keyword}: expected FROM first, or ARG before it`);
  }
  if (stages.length === 0)
    throw dockerfileError(
      Math.max(1, lines.at(-1)?.endLine ?? 1),
      'expected at least one FROM',
      'start with FROM scratch',
    );
  return { directives, globals, stages, remarks };
}

function stageOf(from: Instruction, index: number): Stage {
  const name = from.arguments.kind === 'from' ? from.arguments.name : undefined;
  return { index, name, from, instructions: [] };
}
