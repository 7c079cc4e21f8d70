// An OCI bundle with Debian's busybox-static as its root filesystem, for any runtime.
import { readFileSync, writeFileSync } from 'node:fs';
import { makeBusyboxRoot } from './busybox.ts';
import { must } from './shell.ts';

export interface BundleOptions {
  args?: string[];
  /** A root filesystem that is there already: making one takes a tenth of a second. */
  rootfs?: string;
  /** Changes to the runtime's own default config.json. */
  edit?: (config: RuntimeConfig) => void;
}

/** The parts of config.json that tests change; the whole document is kept. */
export interface RuntimeConfig {
  process: { args: string[]; terminal?: boolean; env?: string[]; cwd: string };
  linux: { cgroupsPath?: string; resources?: Record<string, unknown>; [key: string]: unknown };
  root: { path: string; readonly?: boolean };
  [key: string]: unknown;
}

let defaults: string | undefined;

/** The text that `runc spec` writes; asked for once, since it takes longer than many a test. */
async function defaultConfig(folder: string): Promise<string> {
  if (defaults === undefined) {
    await must('runc', ['spec', '--bundle', folder]);
    defaults = readFileSync(`${folder}/config.json`, 'utf8');
  }
  return defaults;
}

/** Makes `<folder>/{rootfs,config.json}` with the defaults of `runc spec`, no terminal. */
export async function makeBundle(folder: string, { args = ['true'], rootfs, edit }: BundleOptions = {}): Promise<void> {
  if (rootfs === undefined) makeBusyboxRoot(`${folder}/rootfs`);
  const config = JSON.parse(await defaultConfig(folder)) as RuntimeConfig;
  config.process.terminal = false;
  config.process.args = args;
  if (rootfs !== undefined) config.root.path = rootfs;
  edit?.(config);
  writeFileSync(`${folder}/config.json`, JSON.stringify(config, null, 2));
}
