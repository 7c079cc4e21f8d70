// Hands a command line to oclif. Nothing is looked up on disk: the plugin is made from the catalogue.
// Rule: `--help` counts only before the first operand of a command like run, since what follows IMAGE is the container's.
import type { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import type { Plugin } from '@oclif/core/interfaces';
import { paint } from '../base/colour.ts';
import { type ErrorKind, LabError } from '../base/errors.ts';
import { type CatalogueRow, topics } from './catalogue.ts';
import { commandName, findRow, loadCommand, unknownCommand, withEngine } from './dispatch.ts';
import { printError } from './errors.ts';
import { orInterrupted } from './interrupt.ts';
import { applySettings } from './settings.ts';
import { ignoreClosedOutput, say } from './terminal.ts';
import { version } from './version.ts';

/** Runs one command line; the result is the exit status. */
export async function start(argv: readonly string[]): Promise<number> {
  applySettings();
  ignoreClosedOutput();
  const [words, name] = withoutAccessible(withEngine(globalFlags(argv)));
  try {
    if (name === undefined) return await withoutCommand(words);
    const isLearner = findRow(name)?.group === 'learn';
    return isLearner ? await orInterrupted(() => runNamed(name, words)) : await runNamed(name, words);
  } catch (error) {
    return await failed(error, name, words);
  }
}

async function runNamed(name: string, words: readonly string[]): Promise<number> {
  const rest = words.slice(name.split(' ').length);
  const loaded = await loadCommand(name);
  if (asksForHelp(rest, loaded.spec.untilOperand === true)) return await showHelp(name);
  const run = async (): Promise<number> => {
    const config = await loadConfig(name);
    await config.runCommand(name.replaceAll(' ', ':'), rest);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  };
  if (process.env.TRACEPARENT === undefined) return await run();
  const { inGivenTrace } = await import('./trace/join.ts');
  return await inGivenTrace(words, run, (error) => statusOf(error, loaded.spec.exitStatus));
}

/** `--host`, `--accessible` and `--color` may come before the command; they are environment variables from then on. */
function globalFlags(argv: readonly string[]): string[] {
  const words = [...argv];
  for (;;) {
    const first = words[0];
    if (first === '--host' || first === '-H') {
      process.env.TLAB_HOST = words[1] ?? '';
      words.splice(0, 2);
    } else if (first === '--accessible') {
      process.env.ACCESSIBLE = '1';
      words.shift();
    } else if (first?.startsWith('--host=') === true) {
      process.env.TLAB_HOST = first.slice('--host='.length);
      words.shift();
    } else if (first?.startsWith('--color=') === true && setColour(first.slice('--color='.length))) {
      words.shift();
    } else {
      return words;
    }
  }
}

/** The flag beats environment and settings. False for no such value. */
function setColour(when: string): boolean {
  if (when === 'never') process.env.NO_COLOR = '1';
  if (when === 'always') {
    delete process.env.NO_COLOR;
    process.env.FORCE_COLOR = '1';
  }
  return ['always', 'auto', 'never'].includes(when);
}

/** `--accessible` may stand anywhere in the line of a command whose operands are its own. */
function withoutAccessible(words: readonly string[]): [words: readonly string[], name: string | undefined] {
  const name = commandName(words);
  if (name === undefined || findRow(name)?.group !== 'learn') return [words, name];
  const rest = words.filter((word) => word !== '--accessible');
  if (rest.length < words.length) process.env.ACCESSIBLE = '1';
  return [rest, name];
}

function asksForHelp(rest: readonly string[], untilOperand: boolean): boolean {
  for (const word of rest) {
    if (word === '--help') return true;
    if (word === '--' || (untilOperand && !word.startsWith('-'))) return false;
  }
  return false;
}

async function withoutCommand(words: readonly string[]): Promise<number> {
  const first = words[0];
  if (first === undefined) {
    const { overview } = await import('./overview.ts');
    return await overview();
  }
  if (first === '--help' || first === '-h') return await showHelp(undefined);
  // Not in the catalogue: help reads the catalogue, which may not know help.
  if (first === 'help') return await showHelp(words.length === 1 ? undefined : words.slice(1).join(' '));
  if (Object.hasOwn(topics, first) && (words.length === 1 || words[1] === '--help')) return await showHelp(first);
  if (first.startsWith('-')) throw new LabError('usage', `unknown flag: ${first}`, { hint: 'tlab --help' });
  throw unknownCommand(words);
}

async function showHelp(name: string | undefined): Promise<number> {
  const { help } = await import('./help.ts');
  return await help(name);
}

async function failed(error: unknown, name: string | undefined, words: readonly string[]): Promise<number> {
  const isUsage = error instanceof LabError && error.kind === 'usage';
  printError(isUsage && name !== undefined ? withHint(error, name) : error, words.includes('--json'));
  if (!words.includes('--json')) await sayIfOlder(error, name);
  const own = name === undefined ? undefined : (await loadCommand(name).catch(() => undefined))?.spec.exitStatus;
  return statusOf(error, own);
}

/** What these say is so, whoever says it. */
const plainKinds: readonly ErrorKind[] = [
  'usage',
  'notFound',
  'alreadyExists',
  'conflict',
  'permissionDenied',
  'cancelled',
];

/** An engine's error that nobody can explain may come of a daemon that is older than its programs. */
async function sayIfOlder(error: unknown, name: string | undefined): Promise<void> {
  const group = name === undefined ? undefined : findRow(name)?.group;
  if (group !== 'containers' && group !== 'images') return;
  if (error instanceof LabError && plainKinds.includes(error.kind)) return;
  const { isDaemonOlder, olderWords } = await import('../engine/skew.ts');
  if (isDaemonOlder()) say(`${paint.err('cyan', 'try:')} ${olderWords}`);
}

/** A command's own status for a kind of error, or what is usual. */
function statusOf(error: unknown, own: ((kind: ErrorKind) => number) | undefined): number {
  const kind = error instanceof LabError ? error.kind : 'internal';
  return own?.(kind) ?? (kind === 'usage' ? 2 : 1);
}

/** Every error of usage says where to read on, or which flag was meant. */
function withHint(error: LabError, name: string): LabError {
  if (error.hint !== undefined && !error.hint.startsWith('--')) return error;
  return new LabError('usage', error.message, { hint: `tlab ${name} ${error.hint ?? '--help'}` });
}

/** Only for a command, and of that one alone: the first screen and help are there without it, and nobody asks oclif for others. */
async function loadConfig(name: string): Promise<Config> {
  const { Config } = await import('@oclif/core/config');
  const pjson = { name: 'tlab', version, oclif: { bin: 'tlab', topicSeparator: ' ' as const } };
  const root = import.meta.dirname;
  const commands = [loadable(name, findRow(name) as CatalogueRow)];
  const plugin = {
    _base: 'tlab',
    alias: 'tlab',
    commandIDs: commands.map((command) => command.id),
    commands,
    commandsDir: undefined,
    findCommand: undefined,
    hasManifest: true,
    hooks: {},
    isRoot: true,
    load: async () => undefined,
    moduleType: 'module',
    name: 'tlab',
    options: { root },
    pjson,
    root,
    topics: [],
    type: 'core',
    valid: true,
    version,
  } as unknown as Plugin;
  return await Config.load({
    root,
    pjson: pjson as unknown as Plugin['pjson'],
    plugins: new Map([[plugin.name, plugin]]),
    devPlugins: false,
    userPlugins: false,
  });
}

const loadable = (name: string, row: CatalogueRow): Command.Loadable => ({
  id: name.replaceAll(' ', ':'),
  summary: row.says,
  aliases: [],
  hiddenAliases: [],
  hidden: row.hidden ?? false,
  args: {},
  flags: {},
  load: () => loadCommand(name),
});
