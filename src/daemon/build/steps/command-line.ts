// The command of a RUN, and a heredoc that names its interpreter: a program in a file of the step's own, bound into the container and not in
// the layer. @source dockerfile reference: Here-documents
import { writeFileSync } from 'node:fs';
import type { Command, Instruction } from '../../../dockerfile/syntax.ts';
import type { MountSpec } from '../../../oci/runtime.ts';
import { commandOf } from '../metadata.ts';

export interface CommandLine {
  argv: string[];
  /** A heredoc with an interpreter of its own: its text, which becomes a file at `path`. */
  script?: string;
  path?: string;
}

/** `RUN <<EOF`: the body is the command; with `#!` it is a program. Another command gets its heredocs as the shell writes them. */
export function commandLine(instruction: Instruction, shell: readonly string[]): CommandLine {
  const command: Command = commandOf(instruction);
  const { heredocs } = instruction;
  if (command.form === 'exec') return { argv: command.words };
  const [only] = heredocs;
  if (only === undefined) return { argv: [...shell, command.text] };
  const isAlone = heredocs.length === 1 && /^\d*<<-?\s*("[^"]+"|'[^']+'|[^\s"']+)$/.test(command.text.trim());
  if (!isAlone) {
    const bodies = heredocs.map(({ body, name }) => `\n${body}${name}`).join('');
    return { argv: [...shell, `${command.text}${bodies}`] };
  }
  if (!only.body.startsWith('#!')) return { argv: [...shell, only.body] };
  const path = `/dev/pipes/${only.name.replace(/[^\w.-]/g, '_')}`;
  return { argv: [path], script: only.body, path };
}

export function scriptMount(folder: string, { script = '', path = '' }: CommandLine): MountSpec {
  const source = `${folder}/script`;
  writeFileSync(source, script, { mode: 0o755 });
  return { destination: path, type: 'bind', source, options: ['bind', 'ro', 'rprivate'] };
}
