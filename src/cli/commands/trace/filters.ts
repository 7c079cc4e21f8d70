// `tlab trace filters`: filters with names, those that are built in and one's own.
import { LabError } from '../../../base/errors.ts';
import { printable } from '../../../base/text.ts';
import { parseFilter } from '../../../viewer/filter.ts';
import { Kept } from '../../../viewer/kept.ts';
import { builtInFilters, filterName } from '../../../viewer/named-filters.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { fitWidth, tableLines } from '../../format/table.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  operands: '[NAME [EXPRESSION]]',
  count: { min: 0, max: 2 },
  says: 'Without operands: all of them. With a name: its expression. With an expression too: it has that name from now on. Every --filter takes @NAME, also within a longer expression.',
  flags: {
    remove: boolean('Forget the filter of that name'),
    json: boolean('Print one JSON document'),
  },
  examples: [
    { says: 'what there is', line: 'tlab trace filters' },
    { says: 'one of your own', line: "tlab trace filters late 'ts>300ms and stage=kernel'" },
    { says: 'use it', line: "tlab trace show --filter '@late and not @network'" },
  ],
  run({ operands: [given, expression], flags }) {
    const kept = new Kept();
    if (given === undefined && flags.remove) throw new LabError('usage', '--remove: expected the name of a filter');
    if (given === undefined) return list(kept, flags.json);
    const name = filterName(given);
    if (flags.remove) {
      if (!kept.removeFilter(name)) throw new LabError('notFound', `no filter of your own is named "@${name}"`);
      print(`@${name}`);
      return 0;
    }
    if (expression === undefined) {
      const all = { ...builtInFilters, ...kept.filters() };
      const found = Object.hasOwn(all, name) ? all[name] : undefined;
      if (found === undefined)
        throw new LabError('notFound', `no filter is named "@${name}"`, { hint: 'tlab trace filters' });
      print(printable(found));
      return 0;
    }
    parseFilter(expression, { ...kept.filters(), [name]: expression });
    kept.saveFilter(name, expression);
    print(`@${name}`);
    return 0;
  },
});

function list(kept: Kept, asJson: boolean): number {
  const own = kept.filters();
  const all = Object.entries({ ...builtInFilters, ...own }).sort(([a], [b]) => a.localeCompare(b));
  if (asJson) {
    const filters = all.map(([name, expression]) => ({ name, expression, isOwn: Object.hasOwn(own, name) }));
    print(JSON.stringify({ schema: 'tlab.filters/1', filters }));
    return 0;
  }
  const rows = all.map(([name, expression]) => [
    `@${name}`,
    Object.hasOwn(own, name) ? 'yes' : '-',
    printable(expression),
  ]);
  for (const line of tableLines([['NAME', 'OWN', 'EXPRESSION'], ...rows], fitWidth())) print(line);
  return 0;
}
