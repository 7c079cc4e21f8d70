// Which paths of a context a build can want: the sources of COPY, ADD and RUN --mount of the stages that the target needs. Only these are sent.
// Rule: when in doubt everything is sent: a source that holds an unknown variable, a base image whose ONBUILD triggers are not known.
import { parseDockerfile, type Stage } from '../../dockerfile/parse.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { expandWord } from '../../dockerfile/words.ts';

export interface BuildWish {
  target: string | undefined;
  buildArgs: Readonly<Record<string, string | undefined>>;
  /** The ONBUILD triggers of an image; undefined when nobody knows, which the image's absence means too. */
  triggersOf(image: string): Promise<readonly string[] | undefined>;
}

/** Paths and patterns as the instructions have them; undefined is the whole context. A Dockerfile that cannot be parsed is the daemon's to refuse. */
export async function usedSources(text: string, wish: BuildWish): Promise<string[] | undefined> {
  let file: ReturnType<typeof parseDockerfile>;
  try {
    file = parseDockerfile(text);
  } catch {
    return undefined;
  }
  const stages = neededStages(file.stages, wish.target);
  const used: string[] = [];
  for (const stage of stages) {
    const names = new Map<string, string | undefined>(Object.entries(wish.buildArgs));
    for (const argument of file.globals) takeArguments(argument, names, wish);
    const triggers = await triggersIn(stage, file.stages, names, wish);
    if (triggers === undefined) return undefined;
    for (const instruction of [...triggers, ...stage.instructions]) {
      if (instruction.keyword === 'ARG' || instruction.keyword === 'ENV') takeArguments(instruction, names, wish);
      const sources = sourcesOf(instruction, names);
      if (sources === undefined) return undefined;
      used.push(...sources);
    }
  }
  return used;
}

/** The target and what it stands on or copies from; of a Dockerfile without a target the last stage. */
function neededStages(stages: readonly Stage[], target: string | undefined): Stage[] {
  const find = (name: string): Stage | undefined =>
    stages.find((stage) => stage.name?.toLowerCase() === name.toLowerCase()) ??
    stages[/^\d+$/.test(name) ? Number(name) : -1];
  const first = target === undefined ? stages.at(-1) : find(target);
  // An unknown target is the daemon's to refuse.
  if (first === undefined) return [...stages];
  const needed = new Set<Stage>();
  const visit = (stage: Stage | undefined): void => {
    if (stage === undefined || needed.has(stage)) return;
    needed.add(stage);
    for (const name of namesIn(stage))
      if (name.includes('$')) stages.forEach(visit);
      else visit(find(name));
  };
  visit(first);
  return stages.filter((stage) => needed.has(stage));
}

function namesIn({ from, instructions }: Stage): string[] {
  const image = from.arguments.kind === 'from' ? [from.arguments.image] : [];
  return [
    ...image,
    ...instructions.flatMap(({ flags }) => [...(flags.from ?? []), ...(flags.mount ?? []).flatMap(fromOf)]),
  ];
}

const fromOf = (mount: string): string[] => /(?:^|,)from=([^,]+)/.exec(mount)?.slice(1) ?? [];

/** What the base image runs in this stage. */
async function triggersIn(
  { from }: Stage,
  stages: readonly Stage[],
  names: ReadonlyMap<string, string | undefined>,
  wish: BuildWish,
): Promise<Instruction[] | undefined> {
  const written = from.arguments.kind === 'from' ? from.arguments.image : '';
  const image = expanded(written, names);
  if (image === undefined) return undefined;
  if (image === 'scratch' || stages.some(({ name }) => name?.toLowerCase() === image.toLowerCase())) return [];
  const triggers = await wish.triggersOf(image);
  if (triggers === undefined) return undefined;
  try {
    return parseDockerfile(`FROM scratch\n${triggers.join('\n')}\n`).stages[0]?.instructions ?? [];
  } catch {
    return undefined;
  }
}

function takeArguments(
  { keyword, arguments: words }: Instruction,
  names: Map<string, string | undefined>,
  wish: BuildWish,
): void {
  if (words.kind !== 'pairs') return;
  for (const { name, value } of words.pairs) {
    const given = keyword === 'ARG' ? wish.buildArgs[name] : undefined;
    if (given !== undefined) names.set(name, given);
    else if (value !== undefined) names.set(name, expanded(value, names));
  }
}

/** Undefined when it holds a variable without a value that is known here: the image's environment may have one. */
function expanded(word: string, names: ReadonlyMap<string, string | undefined>): string | undefined {
  try {
    const { value, used } = expandWord(word, (name) => names.get(name));
    return used.every((name) => names.get(name) !== undefined) ? value : undefined;
  } catch {
    return undefined;
  }
}

function sourcesOf(instruction: Instruction, names: ReadonlyMap<string, string | undefined>): string[] | undefined {
  const { keyword, arguments: words, flags } = instruction;
  if (words.kind === 'onbuild') return [];
  const written = [...(flags.mount ?? []).flatMap(mountSource)];
  if ((keyword === 'COPY' || keyword === 'ADD') && words.kind === 'copy' && flags.from === undefined)
    written.push(...words.sources.filter((source) => !/^\d*<<-?[^<]/.test(source) && !/^https?:\/\//i.test(source)));
  const sources = written.map((word) => expanded(word, names));
  return sources.every((source) => source !== undefined) ? sources : undefined;
}

/** Of a bind mount of the context; `.` is all of it. */
function mountSource(mount: string): string[] {
  const isBind = /(?:^|,)type=bind(?:,|$)/.test(mount) || !/(?:^|,)type=/.test(mount);
  if (!isBind || fromOf(mount).length > 0) return [];
  return [/(?:^|,)(?:source|src)=([^,]*)/.exec(mount)?.[1] || '.'];
}
