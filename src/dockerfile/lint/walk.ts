// Ways through a Dockerfile that several rules take.
import type { Dockerfile } from '../parse.ts';
import type { Command, Instruction, Keyword } from '../syntax.ts';

/** Every instruction of every stage, FROM first; triggers of ONBUILD as themselves. */
export const allInstructions = (file: Dockerfile): Instruction[] =>
  file.stages.flatMap(({ from, instructions }) => [from, ...instructions]).map(triggerOf);

const triggerOf = (instruction: Instruction): Instruction =>
  instruction.arguments.kind === 'onbuild' ? instruction.arguments.trigger : instruction;

export const ofKeyword = (file: Dockerfile, ...wanted: Keyword[]): Instruction[] =>
  allInstructions(file).filter(({ keyword }) => wanted.includes(keyword));

export const commandOf = ({ arguments: values }: Instruction): Command | undefined =>
  values.kind === 'command' || values.kind === 'healthcheck' ? values.command : undefined;

/** What a shell would be given by a RUN: its text, and what its heredocs hold. */
export function shellText(instruction: Instruction): string {
  const command = commandOf(instruction);
  const text = command === undefined ? '' : command.form === 'shell' ? command.text : command.words.join(' ');
  return [text, ...instruction.heredocs.map(({ body }) => body)].join('\n');
}
