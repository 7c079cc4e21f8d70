// Rules about how a line is written.
import type { Instruction } from '../syntax.ts';
import type { Rule } from './rule.ts';
import { allInstructions, commandOf, ofKeyword } from './walk.ts';

const isUpper = (word: string): boolean => word === word.toUpperCase();
const isMixed = (word: string): boolean => !isUpper(word) && word !== word.toLowerCase();

/** Most of a file's own way of writing counts. */
function oddlyCased(instructions: readonly Instruction[]): Instruction[] {
  const upper = instructions.filter(({ written }) => isUpper(written)).length;
  const isMostlyUpper = upper * 2 >= instructions.length;
  return instructions.filter(({ written }) => isMixed(written) || isUpper(written) !== isMostlyUpper);
}

export const textRules = {
  NoEmptyContinuation: {
    why: 'Docker still accepts the empty line, with a warning that it will refuse it. A reader takes it for the end of the instruction.',
    fix: 'Remove the line, or make it a comment.',
    shows: ['IMG-15'],
    source: 'docker build checks NoEmptyContinuation',
    find: ({ remarks }) =>
      remarks.filter(({ name }) => name === 'NoEmptyContinuation').map(({ line, message }) => ({ line, message })),
  },
  ConsistentInstructionCasing: {
    why: 'Instructions are read without case; mixed ones only make a file harder to read.',
    fix: 'Write all of them in capitals.',
    shows: ['IMG-15'],
    source: 'docker build checks ConsistentInstructionCasing',
    find: (file) =>
      oddlyCased(allInstructions(file)).map(({ written, startLine }) => ({
        line: startLine,
        message: `${written} is written otherwise than the rest of the file`,
      })),
  },
  MaintainerDeprecated: {
    why: 'MAINTAINER was deprecated with Docker 1.13: it sets a field that most tools no longer show.',
    fix: 'LABEL org.opencontainers.image.authors="NAME".',
    shows: ['OCI-6'],
    source: 'docker build checks MaintainerDeprecated',
    find: (file) =>
      ofKeyword(file, 'MAINTAINER').map(({ startLine }) => ({ line: startLine, message: 'MAINTAINER is deprecated' })),
  },
  LegacyKeyValueFormat: {
    why: 'Without the equals sign everything behind the name is one value, quotes and all: a second pair becomes part of the first.',
    fix: 'NAME="VALUE".',
    shows: ['IMG-15'],
    source: 'docker build checks LegacyKeyValueFormat',
    find: (file) =>
      allInstructions(file).flatMap(({ keyword, startLine, arguments: values }) =>
        values.kind === 'pairs' && values.isLegacy
          ? [{ line: startLine, message: `${keyword} ${values.pairs[0]?.name} has no equals sign` }]
          : [],
      ),
  },
  JSONArgsRecommended: {
    why: "The shell form makes /bin/sh the first process. Debian's dash stays it and passes no SIGTERM on, so that `stop` waits its ten seconds and kills (bash and busybox replace themselves by a command that stands alone). A shell-form ENTRYPOINT also ignores the arguments of `run`.",
    fix: 'Write a JSON array: CMD ["program", "argument"].',
    shows: ['IMG-11', 'DMN-10', 'KRN-11'],
    source: 'docker build checks JSONArgsRecommended',
    find: (file) =>
      ofKeyword(file, 'CMD', 'ENTRYPOINT').flatMap((instruction) => {
        const command = commandOf(instruction);
        if (command?.form !== 'shell' || command.text === '' || command.text.startsWith('[')) return [];
        return [{ line: instruction.startLine, message: `${instruction.keyword} is in shell form` }];
      }),
  },
  InvalidJSONForm: {
    why: 'What starts with a bracket and is no JSON array of strings is taken for a shell command: JSON wants double quotes.',
    fix: 'Use double quotes and no comma at the end.',
    shows: ['IMG-11'],
    source: 'dockerfile reference: Shell and exec form',
    find: (file) =>
      ofKeyword(file, 'RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK').flatMap((instruction) => {
        const command = commandOf(instruction);
        const isMeant = command?.form === 'shell' && /^\[\s*['"]/.test(command.text);
        return isMeant
          ? [{ line: instruction.startLine, message: `${instruction.keyword} starts like a JSON array and is none` }]
          : [];
      }),
  },
  ExposeInvalidFormat: {
    why: 'EXPOSE only documents a port of the container. An address or a port of the host belongs to `run -p`.',
    fix: 'EXPOSE PORT or PORT/PROTOCOL.',
    shows: ['NET-2', 'OCI-6'],
    source: 'docker build checks ExposeInvalidFormat',
    find: (file) =>
      ofKeyword(file, 'EXPOSE').flatMap(({ startLine, arguments: values }) =>
        values.kind === 'words'
          ? values.words
              .filter((word) => word.includes(':') && !word.includes('$'))
              .map((word) => ({ line: startLine, message: `EXPOSE ${word} names more than a port` }))
          : [],
      ),
  },
} as const satisfies Record<string, Rule>;
