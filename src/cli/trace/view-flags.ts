// What the commands that look into a trace have in common: the level, the filter with its names, the number of an event.

import { type Filter, parseFilter } from '../../viewer/filter.ts';
import { Kept } from '../../viewer/kept.ts';
import { between } from '../flags/readers.ts';
import { one, text } from '../flags/spec.ts';

export const eventNumber = between(1, 1e9);

export const viewFlags = {
  level: one('0 story, 1 doors and messages, 2 kernel operations, layers, rules, 3 system calls', between(0, 3), {
    short: 'l',
    value: 'level',
  }),
  filter: text("Only events that match, such as 'stage=kernel and type=*mount*', or by a name: @mounts", {
    short: 'f',
    value: 'expression',
  }),
};

/** With the names of this person. @throws LabError usage */
export function filterOf(expression: string | undefined): { text: string; filter: Filter } | undefined {
  if (expression === undefined) return undefined;
  const named = expression.includes('@') ? new Kept().filters() : {};
  return { text: expression, filter: parseFilter(expression, named) };
}
