// What a parsed Dockerfile is made of. Texts have their quotes and variables still in them.
import type { Heredoc } from './heredoc.ts';

/** JSON form: the words themselves. Shell form: one text, which SHELL's program gets. */
export type Command = { form: 'exec'; words: string[] } | { form: 'shell'; text: string };

export interface Pair {
  name: string;
  /** undefined: ARG without a default. */
  value: string | undefined;
}

/** Values in the order given; `true` as text for a flag without a value. */
export type Flags = Readonly<Record<string, readonly string[]>>;

/** What stands behind the keyword and the flags. */
export type Arguments =
  | { kind: 'from'; image: string; name: string | undefined; as: string | undefined }
  | { kind: 'pairs'; pairs: Pair[]; isLegacy: boolean }
  | { kind: 'command'; command: Command }
  | { kind: 'copy'; sources: string[]; destination: string }
  | { kind: 'words'; words: string[] }
  | { kind: 'text'; text: string }
  | { kind: 'healthcheck'; command: Command | undefined }
  | { kind: 'onbuild'; trigger: Instruction };

export const keywords = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;
export type Keyword = (typeof keywords)[number];

export interface Instruction {
  keyword: Keyword;
  /** As it was written: `run`, `Run`. */
  written: string;
  flags: Flags;
  arguments: Arguments;
  heredocs: Heredoc[];
  /** The logical line, for histories and messages. */
  text: string;
  startLine: number;
  endLine: number;
}
