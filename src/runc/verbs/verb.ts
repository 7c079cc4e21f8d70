// What a slow verb is: a function of its own words and of those before it on the command line.

export interface GlobalOptions {
  root: string;
  log: string | undefined;
  isJsonLog: boolean;
  isDebug: boolean;
}

export type Verb = (argv: string[], options: GlobalOptions) => void | Promise<void>;
