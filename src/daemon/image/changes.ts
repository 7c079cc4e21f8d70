// --change of commit and import: instructions of a Dockerfile that change only the configuration.
// @source docker builder/dockerfile/builder.go validCommitCommands
import { LabError } from '../../base/errors.ts';
import { parseDockerfile } from '../../dockerfile/parse.ts';
import type { Keyword } from '../../dockerfile/syntax.ts';
import { expandWord } from '../../dockerfile/words.ts';
import type { RunConfig } from '../../oci/image.ts';
import { metadataInstructions, textOf, workingDirectory } from '../build/metadata.ts';

const allowed: ReadonlySet<Keyword> = new Set<Keyword>([
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);

/** Errors: invalidArgument, in Docker's words for an instruction that is not allowed. */
export function withChanges(base: RunConfig, changes: readonly string[]): RunConfig {
  if (changes.length === 0) return base;
  const { stages, directives } = parseDockerfile(`FROM scratch\n${changes.join('\n')}\n`);
  let config = base;
  let isCmdOwn = false;
  for (const instruction of stages.flatMap((stage) => stage.instructions)) {
    const { keyword } = instruction;
    if (!allowed.has(keyword))
      throw new LabError('invalidArgument', `${keyword.toLowerCase()} is not a valid change command`);
    const variables = new Map((config.Env ?? []).map((pair) => splitOnce(pair)));
    const expand = (word: string): string => expandWord(word, (name) => variables.get(name), directives.escape).value;
    if (keyword === 'WORKDIR') {
      config = { ...config, WorkingDir: workingDirectory(config, expand(textOf(instruction))) };
      continue;
    }
    const change = metadataInstructions[keyword];
    if (change === undefined) throw new LabError('internal', `--change ${keyword}: it has no function`);
    const result = change(instruction, { config, expand, isCmdOwn });
    config = result.config;
    isCmdOwn ||= result.isCmdOwn ?? false;
  }
  return config;
}

const splitOnce = (pair: string): [string, string] => {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
};
