// How tlab speaks to a person, kept in a file of theirs: plain mode, colours, width. Flags beat the environment, the environment beats the file.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { xdgFolder } from '../base/xdg.ts';

export interface Setting {
  name: string;
  says: string;
  /** The environment variable that decides. */
  variable: string;
  /** Values of the file, and what each makes of the variable. */
  values: Readonly<Record<string, string>>;
}

export const settings: readonly Setting[] = [
  {
    name: 'plain',
    says: 'lines only, numbered choices, no cursor movement; also --accessible',
    variable: 'ACCESSIBLE',
    values: { on: '1', off: '' },
  },
  {
    name: 'colour',
    says: 'the sixteen colours of the terminal; also --color=never or always; NO_COLOR beats FORCE_COLOR',
    variable: 'NO_COLOR',
    values: { on: '', off: '1' },
  },
  {
    name: 'width',
    says: 'columns to write into; else those of the terminal',
    variable: 'TLAB_WIDTH',
    values: { terminal: '', '60': '60', '80': '80', '120': '120' },
  },
];

/** @source XDG Base Directory Specification, XDG_CONFIG_HOME */
export const settingsFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(xdgFolder('XDG_CONFIG_HOME', env), 'settings.json');

/** What the file says; nothing when there is none, and when it cannot be read as one: a broken file must not stop any command. */
export function readSettings(file = settingsFile()): Record<string, string> {
  if (!existsSync(file)) return {};
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const known = settings.filter(({ name, values }) => Object.hasOwn(values, String(read[name])));
    return Object.fromEntries(known.map(({ name }) => [name, String(read[name])]));
  } catch {
    return {};
  }
}

export function writeSetting(name: string, value: string, file = settingsFile()): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify({ ...readSettings(file), [name]: value }, undefined, 2)}\n`);
}

/** Puts what the file says into the environment, where nothing is set. */
export function applySettings(env: NodeJS.ProcessEnv = process.env): void {
  const read = readSettings(settingsFile(env));
  for (const { name, variable, values } of settings) {
    const value = values[read[name] ?? ''];
    if (value !== undefined && value !== '' && env[variable] === undefined) env[variable] = value;
  }
}
