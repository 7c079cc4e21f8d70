// exec [flags] ID COMMAND…: without --process the process document is made here, from config.json's process and the flags. The native exec
// asks for it with `--document-to PATH` before all flags, and runs it as that of a caller who brings one.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { readContainer } from '../state-directory.ts';
import type { Verb } from './verb.ts';

const flags = {
  cwd: { type: 'string' },
  env: { type: 'string', short: 'e', multiple: true },
  user: { type: 'string', short: 'u' },
  'additional-gids': { type: 'string', short: 'g', multiple: true },
  cap: { type: 'string', short: 'c', multiple: true },
  'no-new-privs': { type: 'boolean' },
  apparmor: { type: 'string' },
  'process-label': { type: 'string' },
  cgroup: { type: 'string', multiple: true },
  tty: { type: 'boolean', short: 't' },
  detach: { type: 'boolean', short: 'd' },
  'ignore-paused': { type: 'boolean' },
  'pid-file': { type: 'string' },
  'console-socket': { type: 'string' },
  'pidfd-socket': { type: 'string' },
  'preserve-fds': { type: 'string' },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values'];

export const verb: Verb = ([to, path, ...argv], { root }) => {
  if (to !== '--document-to' || path === undefined)
    throw new LabError('usage', 'exec: expected to be asked for a document by the native exec');
  const end = endOfFlags(argv);
  const { values } = parseArgs({ args: argv.slice(0, end), options: flags });
  const [id, ...command] = withoutSeparator(argv.slice(end));
  if (id === undefined || command.length === 0)
    throw new LabError('usage', 'exec: expected a container id and a command');
  writeFileSync(path, JSON.stringify(processOf(root, { id, command, values })));
};

/** `exec ID -- COMMAND…`, as the manual page writes it, and `exec -- ID COMMAND…`. @source man runc-exec(8) */
function withoutSeparator(words: readonly string[]): string[] {
  const at = words.slice(0, 2).indexOf('--');
  return at === -1 ? [...words] : words.toSpliced(at, 1);
}

/** Everything from the id on belongs to the command, flags too. */
function endOfFlags(argv: readonly string[]): number {
  let at = 0;
  while (argv[at]?.startsWith('-') && argv[at] !== '--') {
    const [name = '', value] = (argv[at] ?? '').replace(/^--?/, '').split('=', 2);
    const row = Object.entries(flags).find(([long, flag]) => long === name || ('short' in flag && flag.short === name));
    at += row?.[1].type === 'string' && value === undefined ? 2 : 1;
  }
  return at;
}

interface Asked {
  id: string;
  command: string[];
  values: Flags;
}

function processOf(root: string, { id, command, values }: Asked): Record<string, unknown> {
  const { bundle } = readContainer(root, id);
  const { process: inherited } = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as {
    process: { env?: string[]; user?: Record<string, unknown>; capabilities?: Record<string, string[]> };
  };
  const document: Record<string, unknown> = { ...inherited, args: command, terminal: values.tty === true };
  document.env = [...(inherited.env ?? []), ...(values.env ?? [])];
  if (values.cwd !== undefined) document.cwd = values.cwd;
  if (values.user !== undefined) document.user = userOf(values.user);
  const gids = (values['additional-gids'] ?? []).map((gid) => idOf(gid, '--additional-gids'));
  if (gids.length > 0) document.user = { ...(document.user as object), additionalGids: gids };
  if (values['no-new-privs']) document.noNewPrivileges = true;
  if (values.apparmor !== undefined) document.apparmorProfile = values.apparmor;
  if (values['process-label'] !== undefined) document.selinuxLabel = values['process-label'];
  const added = values.cap ?? [];
  if (added.length > 0) {
    const sets = ['bounding', 'effective', 'permitted'].map((set) => [
      set,
      [...(inherited.capabilities?.[set] ?? []), ...added],
    ]);
    document.capabilities = { ...inherited.capabilities, ...Object.fromEntries(sets) };
  }
  return document;
}

function userOf(text: string): Record<string, number> {
  const [uid = '', gid = '0'] = text.split(':');
  return { uid: idOf(uid, '--user'), gid: idOf(gid, '--user') };
}

function idOf(text: string, flag: string): number {
  if (!/^\d{1,10}$/.test(text))
    throw new LabError('usage', `${flag} "${text}": expected a number, names are not looked up`);
  return Number(text);
}
