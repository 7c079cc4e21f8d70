// Rules about stages and the variables that they see.
import type { Dockerfile, Stage } from '../parse.ts';
import type { Instruction, Pair } from '../syntax.ts';
import { expandWord } from '../words.ts';
import type { Finding, Rule } from './rule.ts';

type Found = Omit<Finding, 'rule'>;

const nameOf = ({ name }: Stage): string => name?.toLowerCase() ?? '';
const pairsOf = ({ arguments: values }: Instruction): readonly Pair[] => (values.kind === 'pairs' ? values.pairs : []);
const imageOf = ({ from }: Stage): string => (from.arguments.kind === 'from' ? from.arguments.image : '');

/** @source docker: predefined build arguments and those of the platform */
const predefined = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
);
const platformArgs = ['PLATFORM', 'OS', 'ARCH', 'VARIANT', 'OSVERSION'].flatMap((name) => [
  `TARGET${name}`,
  `BUILD${name}`,
]);

/** Names that a text uses and nobody has given a value; none when its quotes are wrong, which a build refuses. */
function unsetIn(text: string, known: ReadonlySet<string>): string[] {
  try {
    return expandWord(text, (name) => (known.has(name) ? 'x' : undefined)).unset;
  } catch {
    return [];
  }
}

/** Stages that the last one needs, by COPY --from, RUN --mount=from= and FROM. */
function neededStages(file: Dockerfile): Set<Stage> {
  const needed = new Set<Stage>();
  const add = (stage: Stage | undefined): void => {
    if (stage === undefined || needed.has(stage)) return;
    needed.add(stage);
    for (const reference of referencesOf(stage)) add(stageNamed(file, reference, stage.index));
  };
  add(file.stages.at(-1));
  return needed;
}

function referencesOf(stage: Stage): string[] {
  const flags = stage.instructions.flatMap(({ flags: { from = [], mount = [] } }) => [
    ...from,
    ...mount.flatMap((text) => /(?:^|,)from=([^,]+)/.exec(text)?.[1] ?? []),
  ]);
  return [imageOf(stage), ...flags];
}

const stageNamed = (file: Dockerfile, reference: string, before: number): Stage | undefined =>
  file.stages
    .slice(0, before)
    .findLast((stage) => nameOf(stage) === reference.toLowerCase() || String(stage.index) === reference);

/** Only above scratch is all of a stage's environment known. */
function undefinedIn(stage: Stage): Found[] {
  if (imageOf(stage) !== 'scratch') return [];
  const known = new Set([...predefined, 'PATH']);
  return stage.instructions.flatMap((instruction) => {
    const texts = expandedTexts(instruction);
    const found = texts
      .flatMap((text) => unsetIn(text, known))
      .map((name) => ({
        line: instruction.startLine,
        message: `$${name} has no value here`,
      }));
    if (instruction.keyword === 'ARG' || instruction.keyword === 'ENV')
      for (const { name } of pairsOf(instruction)) known.add(name);
    return found;
  });
}

/** Where a build replaces variables; in RUN, CMD and ENTRYPOINT the container's shell does. */
function expandedTexts({ keyword, arguments: values }: Instruction): string[] {
  if (values.kind === 'copy') return [...values.sources, values.destination];
  if (values.kind === 'pairs') return values.pairs.flatMap(({ value }) => value ?? []);
  if (values.kind === 'text' && keyword !== 'MAINTAINER') return [values.text];
  return values.kind === 'words' && keyword !== 'SHELL' ? values.words : [];
}

export const stageRules = {
  FromAsCasing: {
    why: 'Only a matter of reading: FROM and AS belong together.',
    fix: 'FROM IMAGE AS NAME.',
    shows: ['IMG-7'],
    source: 'docker build checks FromAsCasing',
    find: ({ stages }) =>
      stages.flatMap(({ from }) => {
        const as = from.arguments.kind === 'from' ? from.arguments.as : undefined;
        const isSame = as === undefined || (as === as.toUpperCase()) === (from.written === from.written.toUpperCase());
        return isSame ? [] : [{ line: from.startLine, message: `${from.written} and ${as} are cased differently` }];
      }),
  },
  StageNameCasing: {
    why: 'Names of stages are compared without case, so capitals suggest a difference that is none.',
    fix: 'Write the name in small letters.',
    shows: ['IMG-7'],
    source: 'docker build checks StageNameCasing',
    find: ({ stages }) =>
      stages
        .filter(({ name }) => name !== undefined && name !== name.toLowerCase())
        .map(({ name, from }) => ({ line: from.startLine, message: `stage ${name} has capitals` })),
  },
  DuplicateStageName: {
    why: 'COPY --from takes the last stage of that name before it: the earlier one can only be reached by its number.',
    fix: 'Give each stage a name of its own.',
    shows: ['IMG-7'],
    source: 'docker build checks DuplicateStageName',
    find: ({ stages }) =>
      stages
        .filter(
          (stage, index) => stage.name !== undefined && stages.findIndex((o) => nameOf(o) === nameOf(stage)) < index,
        )
        .map(({ name, from }) => ({ line: from.startLine, message: `stage ${name} was there before` })),
  },
  ReservedStageName: {
    why: 'scratch is the empty image and context the files that are sent: a stage of that name cannot be meant.',
    fix: 'Choose another name.',
    shows: ['IMG-7'],
    source: 'docker build checks ReservedStageName',
    find: ({ stages }) =>
      stages
        .filter((stage) => ['scratch', 'context'].includes(nameOf(stage)))
        .map(({ name, from }) => ({ line: from.startLine, message: `${name} is a reserved name` })),
  },
  UnusedStage: {
    why: 'A builder that works as a graph skips it; the classic one builds it each time for nothing.',
    fix: 'Remove it, or build it with --target.',
    shows: ['IMG-7', 'IMG-8'],
    source: 'dockerfile reference: multi-stage builds',
    find: (file) => {
      const needed = neededStages(file);
      return file.stages
        .filter((stage) => !needed.has(stage))
        .map(({ name, index, from }) => ({
          line: from.startLine,
          message: `nothing of stage ${name ?? index} reaches the last stage`,
        }));
    },
  },
  UndefinedArgInFrom: {
    why: 'A FROM line sees only ARG lines before the first FROM. Without a value the name of the base is empty in part.',
    fix: 'Declare ARG NAME=DEFAULT at the top of the file.',
    shows: ['IMG-4'],
    source: 'docker build checks UndefinedArgInFrom',
    find: ({ globals, stages }) => {
      const known = new Set([...globals.flatMap(pairsOf).map(({ name }) => name), ...platformArgs]);
      return stages.flatMap((stage) =>
        [imageOf(stage), ...(stage.from.flags.platform ?? [])]
          .flatMap((text) => unsetIn(text, known))
          .map((name) => ({ line: stage.from.startLine, message: `$${name} is not declared before the first FROM` })),
      );
    },
  },
  UndefinedVar: {
    why: 'An unknown variable is replaced by nothing, without an error.',
    fix: 'Declare it with ARG or ENV in this stage; ARG before the first FROM has to be named again.',
    shows: ['IMG-4'],
    source: 'docker build checks UndefinedVar',
    find: (file) => file.stages.flatMap(undefinedIn),
  },
  MultipleInstructionsDisallowed: {
    why: 'Only the last CMD, ENTRYPOINT and HEALTHCHECK of a stage count; the earlier ones do nothing.',
    fix: 'Keep the last.',
    shows: ['IMG-11'],
    source: 'docker build checks MultipleInstructionsDisallowed',
    find: ({ stages }) =>
      stages.flatMap(({ instructions }) =>
        instructions
          .filter(
            ({ keyword }, index) =>
              ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(keyword) &&
              instructions.slice(index + 1).some((later) => later.keyword === keyword),
          )
          .map(({ keyword, startLine }) => ({
            line: startLine,
            message: `a later ${keyword} of this stage replaces it`,
          })),
      ),
  },
} as const satisfies Record<string, Rule>;
