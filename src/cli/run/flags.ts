// The flags of `run` and `trace run`, apart from what they make happen: `trace run` starts the tracer before it loads the rest.
import { createFlags } from '../create/flags.ts';
import type { ParsedLine } from '../flags/parse.ts';
import { keySequence } from '../flags/readers.ts';
import { boolean, one } from '../flags/spec.ts';

/** Keys are checked when they are read and sent as they were typed. */
export const detachKeysFlag = one('Keys that detach from the container', (given) => {
  keySequence(given);
  return given;
});

export const runFlags = {
  ...createFlags,
  detach: boolean('Run in the background and print the container ID', { short: 'd' }),
  'detach-keys': detachKeysFlag,
  'sig-proxy': boolean('Hand signals to the container (--sig-proxy=false: do not)', { initial: true }),
};

export type RunLine = Pick<ParsedLine<typeof runFlags>, 'flags' | 'operands' | 'given'> & { name: string };
