// What a slow verb is: a function of its own words and of those before it on the command line.

import type { CgroupDriver } from '../compile/context.ts';
import type { RootlessWord } from '../host/rootless.ts';

export interface GlobalOptions {
  root: string;
  log: string | undefined;
  isJsonLog: boolean;
  isDebug: boolean;
  rootless: RootlessWord;
  cgroupDriver: CgroupDriver;
}

export type Verb = (argv: string[], options: GlobalOptions) => void | Promise<void>;
