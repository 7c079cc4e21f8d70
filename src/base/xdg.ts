// Where a person's own files lie. @source XDG Base Directory Specification: a variable that is empty, or no absolute path, is as if it was not set
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const usual = { XDG_STATE_HOME: '.local/state', XDG_CONFIG_HOME: '.config' } as const;

export function xdgFolder(name: keyof typeof usual, env: NodeJS.ProcessEnv = process.env): string {
  const given = env[name] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), usual[name]), 'tlab');
}
