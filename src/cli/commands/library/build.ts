// tlab library build: makes images from the packages of this host.
import { build, recipeNames } from '../../../library/library.ts';
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
  operands: '[NAME...]',
  count: { min: 0 },
  says: `Without a name, all of them: ${recipeNames().join(', ')}. What is up to date stays as it is.`,
  flags: {
    force: boolean('Build although nothing has changed', { short: 'f' }),
    json: boolean('Print one JSON document'),
    quiet: boolean('Print names only', { short: 'q' }),
  },
  async run({ operands, flags }) {
    const report = flags.quiet ? () => undefined : say;
    const results = await build(operands.length === 0 ? recipeNames() : operands, { force: flags.force, report });
    if (flags.json) print(JSON.stringify(results, undefined, 2));
    else if (flags.quiet) for (const result of results) print(result.name);
    return 0;
  },
});
