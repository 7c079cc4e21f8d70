// `tlab` alone, by itself: what the entry loads for it, and nothing else of the CLI.
import { printError } from './errors.ts';
import { overview } from './overview.ts';
import { applySettings } from './settings.ts';
import { ignoreClosedOutput } from './terminal.ts';

export async function firstScreen(): Promise<number> {
  applySettings();
  ignoreClosedOutput();
  try {
    return await overview();
  } catch (error) {
    printError(error, false);
    return 1;
  }
}
