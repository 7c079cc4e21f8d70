// An OCI bundle with Debian's busybox-static as its root filesystem, for any runtime.
import { readFileSync, writeFileSync } from 'node:fs';
import { makeBusyboxRoot } from './busybox.ts';
import { must } from './shell.ts';

export interface BundleOptions {
  args?: string[];
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

/** Makes `<folder>/{rootfs,config.json}` with the defaults of `runc spec`, no terminal. */
export async function makeBundle(folder: string, { args = ['true'], edit }: BundleOptions = {}): Promise<void> {
  makeBusyboxRoot(`${folder}/rootfs`);
  await must('runc', ['spec', '--bundle', folder]);
  const config = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8')) as RuntimeConfig;
  config.process.terminal = false;
  config.process.args = args;
  edit?.(config);
  writeFileSync(`${folder}/config.json`, JSON.stringify(config, null, 2));
}
