// `--filter KEY=VALUE`, many times, as the API's JSON of lists. @source docker-api filters
import { Expected, many } from '../flags/spec.ts';

function readPair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new Expected('KEY=VALUE, such as status=exited');
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

export const filterFlag = many('Show only what fits (KEY=VALUE)', readPair, { short: 'f', value: 'filter' });

/** Of the prune commands, where `-f` is force. */
export const pruneFilterFlag = many('Only what fits: until=24h, label=KEY[=VALUE], label!=KEY', readPair, {
  value: 'filter',
});

/** The query parameter; undefined when there is no filter. */
export function filterQuery(pairs: ReadonlyArray<[string, string]>): string | undefined {
  if (pairs.length === 0) return undefined;
  const lists: Record<string, string[]> = {};
  for (const [key, value] of pairs) lists[key] = [...(lists[key] ?? []), value];
  return JSON.stringify(lists);
}
