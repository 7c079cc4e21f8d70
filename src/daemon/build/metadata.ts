// Instructions that change only the configuration: one small function each, from configuration and expanded arguments to a new configuration.
// @source dockerfile reference; docker builder/dockerfile/dispatchers.go
import { posix } from 'node:path';
import { LabError } from '../../base/errors.ts';
import type { Command, Flags, Instruction, Keyword } from '../../dockerfile/syntax.ts';
import type { RunConfig } from '../../oci/image.ts';
import { parseSignal } from '../container/signals.ts';
import { withVariable } from './environment.ts';

/** What an instruction needs to know beside its own words. */
export interface MetadataContext {
  config: RunConfig;
  /** One word with quotes taken away and variables replaced. */
  expand(word: string): string;
  /** Whether CMD was set in this stage: ENTRYPOINT forgets one that came with the base image. */
  isCmdOwn: boolean;
}

export interface MetadataResult {
  config: RunConfig;
  /** Of MAINTAINER. */
  author?: string;
  /** The instruction with its variables replaced: for history and key. */
  text: string;
  isCmdOwn?: boolean;
}

type Change = (instruction: Instruction, context: MetadataContext) => MetadataResult;

/** @source docker runconfig: what a shell form is given to when SHELL says nothing */
export const defaultShell = ['/bin/sh', '-c'];
export const shellOf = (config: RunConfig): string[] => config.Shell ?? defaultShell;

export const metadataInstructions: Partial<Record<Keyword, Change>> = {
  CMD: (instruction, { config }) => {
    const Cmd = wordsOf(commandOf(instruction), config);
    return { config: { ...config, Cmd }, text: `CMD ${JSON.stringify(Cmd)}`, isCmdOwn: true };
  },
  ENTRYPOINT: (instruction, { config, isCmdOwn }) => {
    const Entrypoint = wordsOf(commandOf(instruction), config);
    const Cmd = isCmdOwn ? config.Cmd : undefined;
    return { config: { ...config, Entrypoint, Cmd }, text: `ENTRYPOINT ${JSON.stringify(Entrypoint)}` };
  },
  ENV: (instruction, context) => {
    const pairs = pairsOf(instruction, context);
    const Env = pairs.reduce((all, [name, value]) => withVariable(all, name, value), context.config.Env ?? []);
    return { config: { ...context.config, Env }, text: `ENV ${spelt(pairs)}` };
  },
  EXPOSE: (instruction, context) => {
    const ports = expandAll(instruction, context).flatMap(portsOf).sort();
    const ExposedPorts = { ...context.config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
    return { config: { ...context.config, ExposedPorts }, text: `EXPOSE ${ports.join(' ')}` };
  },
  HEALTHCHECK: healthcheck,
  LABEL: (instruction, context) => {
    const pairs = pairsOf(instruction, context);
    return {
      config: { ...context.config, Labels: { ...context.config.Labels, ...Object.fromEntries(pairs) } },
      text: `LABEL ${spelt(pairs)}`,
    };
  },
  MAINTAINER: (instruction, context) => {
    const author = context.expand(textOf(instruction));
    return { config: context.config, author, text: `MAINTAINER ${author}` };
  },
  ONBUILD: (instruction, { config }) => {
    if (instruction.heredocs.length > 0)
      throw new LabError('notImplemented', 'ONBUILD with a heredoc: an image has no place for its body');
    const trigger = instruction.text.replace(/^onbuild\s+/i, '');
    return { config: { ...config, OnBuild: [...(config.OnBuild ?? []), trigger] }, text: `ONBUILD ${trigger}` };
  },
  SHELL: (instruction, { config }) => {
    const Shell = instruction.arguments.kind === 'words' ? instruction.arguments.words : [];
    return { config: { ...config, Shell }, text: `SHELL ${JSON.stringify(Shell)}` };
  },
  STOPSIGNAL: (instruction, context) => {
    const StopSignal = context.expand(textOf(instruction));
    parseSignal(StopSignal);
    return { config: { ...context.config, StopSignal }, text: `STOPSIGNAL ${StopSignal}` };
  },
  USER: (instruction, context) => {
    const User = context.expand(textOf(instruction));
    if (User === '') throw new LabError('invalidArgument', `USER ${textOf(instruction)}: it is empty`);
    return { config: { ...context.config, User }, text: `USER ${User}` };
  },
  VOLUME: (instruction, context) => {
    const paths = expandAll(instruction, context);
    const Volumes = { ...context.config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
    return { config: { ...context.config, Volumes }, text: `VOLUME ${JSON.stringify(paths)}` };
  },
};

/** Absolute and clean; relative to the WORKDIR before. */
export function workingDirectory(config: RunConfig, asked: string): string {
  if (asked === '') throw new LabError('invalidArgument', 'WORKDIR: it is empty');
  const path = posix.resolve('/', config.WorkingDir ?? '/', asked);
  return path;
}

export const textOf = ({ arguments: values }: Instruction): string => (values.kind === 'text' ? values.text : '');

export function commandOf({ arguments: values }: Instruction): Command {
  if (values.kind === 'command') return values.command;
  throw new LabError('internal', `an instruction without a command: ${values.kind}`);
}

/** The shell form goes to the shell as one word. */
export const wordsOf = (command: Command, config: RunConfig): string[] =>
  command.form === 'exec' ? command.words : [...shellOf(config), command.text];

const expandAll = ({ arguments: values }: Instruction, { expand }: MetadataContext): string[] =>
  values.kind === 'words' ? values.words.map(expand).filter((word) => word !== '') : [];

/** Every pair sees the environment before the instruction. */
const pairsOf = ({ arguments: values }: Instruction, { expand }: MetadataContext): Array<[string, string]> =>
  values.kind === 'pairs' ? values.pairs.map(({ name, value }) => [expand(name), expand(value ?? '')]) : [];

const spelt = (pairs: ReadonlyArray<[string, string]>): string =>
  pairs.map(([name, value]) => `${name}=${/^[\w./:@+-]*$/.test(value) ? value : JSON.stringify(value)}`).join(' ');

const portForm = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;

/** `8000-8002/udp` is three. Errors: invalidArgument. */
function portsOf(word: string): string[] {
  const [, from = '', to = from, protocol = 'tcp'] = portForm.exec(word) ?? [];
  const [low, high] = [Number(from), Number(to)];
  if (from === '' || low > high || high > 65535)
    throw new LabError('invalidArgument', `invalid containerPort: ${word}: expected PORT[-PORT][/tcp|udp|sctp]`);
  return Array.from({ length: high - low + 1 }, (_, index) => `${low + index}/${protocol.toLowerCase()}`);
}

function healthcheck(instruction: Instruction, { config }: MetadataContext): MetadataResult {
  const command = instruction.arguments.kind === 'healthcheck' ? instruction.arguments.command : undefined;
  if (command === undefined)
    return {
      config: { ...config, Healthcheck: { Test: ['NONE'] } as RunConfig['Healthcheck'] },
      text: 'HEALTHCHECK NONE',
    };
  const Test = command.form === 'exec' ? ['CMD', ...command.words] : ['CMD-SHELL', command.text];
  const { flags } = instruction;
  const Healthcheck = Object.fromEntries(
    Object.entries({
      Test,
      Interval: durationNs(flags, 'interval'),
      Timeout: durationNs(flags, 'timeout'),
      StartPeriod: durationNs(flags, 'start-period'),
      StartInterval: durationNs(flags, 'start-interval'),
      Retries: retriesOf(flags),
    }).filter(([, value]) => value !== undefined),
  ) as RunConfig['Healthcheck'];
  return { config: { ...config, Healthcheck }, text: `HEALTHCHECK ${JSON.stringify(Healthcheck)}` };
}

const unitsNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

function durationNs(flags: Flags, name: string): number | undefined {
  const text = flags[name]?.[0];
  if (text === undefined || text === '0') return undefined;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text))
    throw new LabError('invalidArgument', `--${name} "${text}": expected a duration such as 30s`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  const ns = Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitsNs[unit ?? ''] ?? 0), 0));
  if (ns > 0 && ns < 1e6) throw new LabError('invalidArgument', `--${name} "${text}": expected at least 1ms`);
  return ns === 0 ? undefined : ns;
}

function retriesOf(flags: Flags): number | undefined {
  const text = flags.retries?.[0];
  if (text === undefined || text === '0') return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new LabError('invalidArgument', `--retries "${text}": expected a whole number`);
  return Number(text);
}
