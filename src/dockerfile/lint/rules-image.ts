// Rules about the image that comes out: its size, its cache, its secrets, its user.
import type { Dockerfile, Stage } from '../parse.ts';
import type { Instruction } from '../syntax.ts';
import type { Rule } from './rule.ts';
import { allInstructions, ofKeyword, shellText } from './walk.ts';

const imageOf = ({ from }: Stage): string => (from.arguments.kind === 'from' ? from.arguments.image : '');

/** Bases that are images of a registry: not scratch, not a stage, not a variable. */
function basesOf(file: Dockerfile): Stage[] {
  const names = new Set(file.stages.map(({ name }) => name?.toLowerCase()));
  return file.stages.filter((stage) => {
    const image = imageOf(stage);
    return image !== 'scratch' && !image.includes('$') && !names.has(image.toLowerCase());
  });
}

/** @source docker build checks SecretsUsedInArgOrEnv: words of a name that tell a secret, and those that tell none */
const secretWords =
  /(?:^|_)(?:apikey|auth|credentials?|git_?key|key|passphrase|passwd|password|pword|secret|token)(?:_|$)/i;
const harmlessWords = /(?:^|_)(?:public|id|file|path|name|url)(?:_|$)/i;

const archives = /\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))$/i;

/** ADD does more than COPY only for archives, addresses and repositories. */
const needsAdd = (source: string): boolean =>
  /^(?:https?|git|ssh):|^git@|<</.test(source) || archives.test(source) || source.includes('$');

const installers = [
  {
    name: 'apt-get',
    install: /\bapt(?:-get)?\s+(?:-\S+\s+)*install\b/,
    cleans: /rm\s+-rf?\s+\S*\/var\/lib\/apt\/lists/,
    how: 'rm -rf /var/lib/apt/lists/*',
  },
  {
    name: 'apk',
    install: /\bapk\s+(?:-\S+\s+)*add\b/,
    cleans: /--no-cache|rm\s+-rf?\s+\S*\/var\/cache\/apk/,
    how: 'apk add --no-cache',
  },
  {
    name: 'dnf',
    install: /\b(?:dnf|yum)\s+(?:-\S+\s+)*install\b/,
    cleans: /\b(?:dnf|yum)\s+clean\s+all/,
    how: 'dnf clean all',
  },
] as const;

const hasCacheMount = ({ flags: { mount = [] } }: Instruction): boolean =>
  mount.some((text) => text.includes('type=cache'));

/** The first COPY of a whole context before a RUN that installs from a list of dependencies. */
const dependencyInstall =
  /\b(?:npm\s+(?:ci|install|i)|yarn(?:\s+install)?|pnpm\s+i(?:nstall)?|pip3?\s+install\s+(?:\S+\s+)*-r|go\s+mod\s+download|bundle\s+install|composer\s+install|cargo\s+(?:build|fetch))\b/;

function copiesAll({ keyword, flags, arguments: values }: Instruction): boolean {
  if (keyword !== 'COPY' && keyword !== 'ADD') return false;
  return flags.from === undefined && values.kind === 'copy' && values.sources.some((source) => /^\.?\/?$/.test(source));
}

export const imageRules = {
  UnpinnedBase: {
    why: 'A name without a tag means latest, and latest moves: the same Dockerfile gives another image next month.',
    fix: 'Name a version, or better a digest: IMAGE:TAG@sha256:…',
    shows: ['IMG-15'],
    source: 'docker building best practices: Pin base image versions',
    find: (file) =>
      basesOf(file)
        .filter((stage) => !/@sha256:/.test(imageOf(stage)) && !/:(?!latest$)[^/]+$/.test(imageOf(stage)))
        .map((stage) => ({ line: stage.from.startLine, message: `${imageOf(stage)} may be another image tomorrow` })),
  },
  SecretsUsedInArgOrEnv: {
    why: 'Values of ENV stand in the config of the image, those of ARG in its history: whoever has the image has them.',
    fix: 'RUN --mount=type=secret,id=NAME for a build; a file or the environment of `run` for the program.',
    shows: ['SEC-4'],
    source: 'docker build checks SecretsUsedInArgOrEnv',
    find: (file) =>
      [...file.globals, ...allInstructions(file)].flatMap(({ keyword, startLine, arguments: values }) =>
        values.kind === 'pairs' && (keyword === 'ARG' || keyword === 'ENV')
          ? values.pairs
              .filter(({ name }) => secretWords.test(name) && !harmlessWords.test(name))
              .map(({ name }) => ({ line: startLine, message: `${keyword} ${name} looks like a secret` }))
          : [],
      ),
  },
  AddInsteadOfCopy: {
    why: 'ADD also unpacks archives and fetches addresses, so that a reader cannot see what happens.',
    fix: 'COPY.',
    shows: ['IMG-15'],
    source: 'docker building best practices: ADD or COPY',
    find: (file) =>
      ofKeyword(file, 'ADD').flatMap(({ startLine, arguments: values }) =>
        values.kind === 'copy' && !values.sources.some(needsAdd)
          ? [{ line: startLine, message: `ADD ${values.sources.join(' ')} does what COPY does` }]
          : [],
      ),
  },
  AddWithoutChecksum: {
    why: 'What an address gives may change, and is not verified.',
    fix: 'ADD --checksum=sha256:… ADDRESS FILE.',
    shows: ['IMG-15'],
    source: 'dockerfile reference: ADD --checksum',
    find: (file) =>
      ofKeyword(file, 'ADD').flatMap(({ startLine, flags, arguments: values }) =>
        values.kind === 'copy' &&
        flags.checksum === undefined &&
        values.sources.some((source) => /^https?:/.test(source))
          ? [{ line: startLine, message: 'what is fetched is not verified' }]
          : [],
      ),
  },
  InstallWithoutCleanUp: {
    why: 'A file that a later instruction deletes still stands in the layer of this one: the lists of packages stay in the image.',
    fix: 'Clean up in the same RUN, or keep them in --mount=type=cache.',
    shows: ['IMG-9', 'IMG-10'],
    source: 'docker building best practices: apt-get',
    find: (file) =>
      ofKeyword(file, 'RUN').flatMap((instruction) => {
        const text = shellText(instruction);
        return installers
          .filter(({ install, cleans }) => install.test(text) && !cleans.test(text) && !hasCacheMount(instruction))
          .map(({ name, how }) => ({
            line: instruction.startLine,
            message: `${name} leaves its lists in the layer (${how})`,
          }));
      }),
  },
  UpdateAlone: {
    why: 'A RUN is cached by its text. The list of packages of this layer gets old, and a later install takes it from the cache.',
    fix: 'RUN apt-get update && apt-get install … in one.',
    shows: ['IMG-3', 'IMG-5'],
    source: 'docker building best practices: apt-get',
    find: (file) =>
      ofKeyword(file, 'RUN')
        .filter((instruction) => {
          const text = shellText(instruction);
          return /\bapt(?:-get)?\s+(?:-\S+\s+)*update\b/.test(text) && !/\binstall\b|\bupgrade\b/.test(text);
        })
        .map(({ startLine }) => ({
          line: startLine,
          message: 'the list of packages is fetched in a layer of its own',
        })),
  },
  CopyAllBeforeInstall: {
    why: 'Each change of any file makes a miss here, and so everything behind it is done again, the install too.',
    fix: 'Copy the list of dependencies, install, then copy the rest.',
    shows: ['IMG-5'],
    source: 'docker building best practices: cache',
    find: ({ stages }) =>
      stages.flatMap(({ instructions }) => {
        const copied = instructions.findIndex(copiesAll);
        const later = copied < 0 ? [] : instructions.slice(copied + 1);
        return later
          .filter((instruction) => instruction.keyword === 'RUN' && dependencyInstall.test(shellText(instruction)))
          .slice(0, 1)
          .map(() => ({
            line: instructions[copied]?.startLine ?? 1,
            message: 'the whole context is copied before dependencies are installed',
          }));
      }),
  },
  WorkdirRelativePath: {
    why: 'A relative path is relative to the WORKDIR of the base image, which may change with it.',
    fix: 'WORKDIR /absolute/path.',
    shows: ['IMG-15'],
    source: 'docker build checks WorkdirRelativePath',
    find: ({ stages }) =>
      stages.flatMap(({ instructions }) => {
        const first = instructions.find(({ keyword }) => keyword === 'WORKDIR');
        const path = first?.arguments.kind === 'text' ? first.arguments.text : '/';
        return first === undefined || /^["']?[/$\\]|^[A-Za-z]:/.test(path)
          ? []
          : [{ line: first.startLine, message: `WORKDIR ${path} depends on the base image` }];
      }),
  },
  CdInRun: {
    why: 'Each RUN is a shell of its own: the next instruction starts in WORKDIR again.',
    fix: 'WORKDIR.',
    shows: ['IMG-2'],
    source: 'docker building best practices: WORKDIR',
    find: (file) =>
      ofKeyword(file, 'RUN')
        .filter((instruction) => /^\s*cd\s+\S+\s*$/.test(shellText(instruction)))
        .map(({ startLine }) => ({ line: startLine, message: 'a cd alone has no effect on what follows' })),
  },
  RootUser: {
    why: 'Without USER the program is root in its container, and, where no user namespace is used, on the host should it get out.',
    fix: 'USER NAME before CMD, after what needs root.',
    shows: ['IMG-15', 'SEC-1'],
    source: 'docker building best practices: USER',
    find: ({ stages }) => {
      const last = stages.at(-1);
      const user = last?.instructions.findLast(({ keyword }) => keyword === 'USER');
      const program = last?.instructions.findLast(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT');
      const name = user?.arguments.kind === 'text' ? user.arguments.text : '';
      if (program === undefined || !(user === undefined || /^(?:root|0)(?::|$)/.test(name))) return [];
      return [
        {
          line: (user ?? program).startLine,
          message: 'the program runs as root, unless the base image says otherwise',
        },
      ];
    },
  },
  SudoInRun: {
    why: 'A build runs as root anyway; sudo brings a set-uid program into the image and behaves differently without a terminal.',
    fix: 'Leave it away, or USER root for these lines.',
    shows: ['IMG-15'],
    source: 'docker building best practices: USER',
    find: (file) =>
      ofKeyword(file, 'RUN')
        .filter((instruction) => /(?:^|[\s;&|(])sudo\s/.test(shellText(instruction)))
        .map(({ startLine }) => ({ line: startLine, message: 'sudo in a RUN' })),
  },
} as const satisfies Record<string, Rule>;
