// Commands that do one thing to each of several objects: each success prints its name, each failure its error, and the
// others go on. The status is 1 when one failed. @source docker stop, kill, rm: same order, same output
import { printError } from './errors.ts';
import { print } from './terminal.ts';

/** `act` may return what to print in place of the name; an empty list prints nothing. */
export async function forEach(
  names: readonly string[],
  act: (name: string) => Promise<string[] | undefined>,
): Promise<number> {
  let status = 0;
  for (const name of names) {
    try {
      for (const line of (await act(name)) ?? [name]) print(line);
    } catch (error) {
      status = 1;
      printError(error, false);
    }
  }
  return status;
}

/** A container's name as one step of a path. */
export const containerPath = (name: string): string => `/containers/${encodeURIComponent(name)}`;
