// The root of the bundle of quick.ts: the same start, where scripts/build.ts leaves out what the other commands load.
import { start } from './start.ts';

export const quickStart = (words: readonly string[]): Promise<number> => start(words);
