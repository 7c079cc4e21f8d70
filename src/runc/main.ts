// tlab-runc's slow verbs: what native/runc hands on because it takes judgement and no speed. Same options and outputs as runc.
// Exit codes: 0, or 1 with the reason once: in the file that --log names, where the shim looks, or else on standard error.
import { asLabError, LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { traceDoor } from '../trace/recorder.ts';
import { appendLog } from './log.ts';
import type { GlobalOptions, Verb } from './verbs/verb.ts';

/** Loaded one at a time: `compile` must not pay for the state machine. */
const verbs: Readonly<Record<string, () => Promise<{ verb: Verb }>>> = {
  compile: () => import('./verbs/compile.ts'),
  plan: () => import('./verbs/plan.ts'),
  spec: () => import('./verbs/spec.ts'),
  exec: () => import('./verbs/exec.ts'),
  list: () => import('./verbs/list.ts'),
  ps: () => import('./verbs/ps.ts'),
  events: () => import('./verbs/events.ts'),
  update: () => import('./verbs/update.ts'),
  features: () => import('./verbs/features.ts'),
};

/** runc's, which need CRIU. */
const refusedVerbs = ['checkpoint', 'restore'];

/** Native: they come here with --help only. */
const nativeVerbs = ['create', 'start', 'run', 'state', 'kill', 'delete', 'pause', 'resume'];

const globalTexts = ['root', 'log', 'log-format', 'rootless', 'criu'] as const;
const globalFlags = ['debug', 'systemd-cgroup', 'help', 'h', 'version', 'v'] as const;

interface CommandLine extends GlobalOptions {
  /** `--help` before the verb. */
  isHelp: boolean;
}

async function main(argv: string[]): Promise<void> {
  const options: CommandLine = {
    root: defaultRoot(),
    log: undefined,
    isJsonLog: false,
    isDebug: false,
    isHelp: false,
    rootless: 'auto',
    cgroupDriver: 'cgroupfs',
  };
  try {
    const rest = takeGlobalOptions(argv, options);
    const [name = '', ...own] = rest;
    const topic = helpTopic(name, own, options);
    if (topic !== undefined) {
      const { helpOf } = await import('./help.ts');
      process.stdout.write(helpOf(topic));
      return;
    }
    const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (refusedVerbs.includes(name))
      throw new LabError('notImplemented', `${name}: not supported by tlab-runc, which does not use CRIU`);
    if (load === undefined) {
      const { helpVerbs } = await import('./help.ts');
      throw new LabError('usage', `"${name}": expected one of ${helpVerbs.join(', ')}`);
    }
    const { verb } = await load();
    await traceDoor(paths.traces, 'runc').run(process.env.TRACEPARENT, () => verb(own, options));
  } catch (error) {
    report(asUsage(error), options);
    process.exitCode = 1;
  }
}

/** Which help is asked for, '' for that of the program; undefined for none. Behind the id words may be a command's own. */
function helpTopic(name: string, own: readonly string[], { isHelp }: CommandLine): string | undefined {
  if (name === '' || name === 'help' || name === 'h') return own[0] ?? '';
  const end = own.findIndex((word) => !word.startsWith('-'));
  const before = own.slice(0, end === -1 ? own.length : end);
  const asks = isHelp || nativeVerbs.includes(name) || before.some((word) => /^--?(help|h)$/.test(word));
  return asks ? name : undefined;
}

/** An ordinary user's containers are in their own directory; native/runc decides the same. @source man runc(8) --root */
function defaultRoot(): string {
  const own = process.env.XDG_RUNTIME_DIR ?? '';
  return own.startsWith('/') && process.geteuid?.() !== 0 ? `${own}/tlab/runtime` : paths.runtimeRoot;
}

/** Those before the verb, with one dash or two, as Go's flag package takes them. Returns what is left. */
function takeGlobalOptions(argv: string[], options: CommandLine): string[] {
  const rest = [...argv];
  while (rest[0]?.startsWith('-')) {
    const word = rest.shift() ?? '';
    const [, name = '', value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if ((globalTexts as readonly string[]).includes(name)) setText(options, name, value ?? rest.shift());
    else if ((globalFlags as readonly string[]).includes(name)) setFlag(options, name, value);
    else throw new LabError('usage', `${word}: not an option of tlab-runc`);
  }
  return rest;
}

function setText(options: GlobalOptions, name: string, value: string | undefined): void {
  if (value === undefined) throw new LabError('usage', `--${name}: expected a value`);
  if (name === 'root') options.root = value;
  if (name === 'log') options.log = value;
  if (name === 'rootless') {
    if (value !== 'auto' && value !== 'true' && value !== 'false')
      throw new LabError('usage', `--rootless "${value}": expected auto, true or false`);
    options.rootless = value;
  }
  if (name === 'log-format') {
    if (value !== 'json' && value !== 'text')
      throw new LabError('usage', `--log-format "${value}": expected json or text`);
    options.isJsonLog = value === 'json';
  }
}

function setFlag(options: CommandLine, name: string, value: string | undefined): void {
  const isSet = value !== 'false';
  if (name === 'debug') options.isDebug = isSet;
  if (name === 'help' || name === 'h') options.isHelp = isSet;
  if (name === 'systemd-cgroup') options.cgroupDriver = isSet ? 'systemd' : 'cgroupfs';
}

/** node:util's parser throws its own errors for a wrong option. */
function asUsage(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  return code?.startsWith('ERR_PARSE_ARGS') ? new LabError('usage', message?.split('. ')[0] ?? '') : error;
}

function report(error: unknown, options: GlobalOptions): void {
  const { message, hint, stack } = asLabError(error);
  if (options.isDebug) process.stderr.write(`${stack}\n`);
  if (appendLog('error', message, options)) return;
  process.stderr.write(`tlab-runc: ${message}\n${hint === undefined ? '' : `try: ${hint}\n`}`);
}

void main(process.argv.slice(2));
