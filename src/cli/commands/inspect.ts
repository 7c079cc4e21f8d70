// tlab inspect: everything that the daemon knows about containers and images, as JSON or by a template.
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { printError } from '../errors.ts';
import { boolean, one, oneOf, text } from '../flags/spec.ts';
import { parseTemplate } from '../format/template.ts';
import { print } from '../terminal.ts';

const kinds = ['container', 'image', 'network', 'volume'] as const;
type Kind = (typeof kinds)[number];

/** `inspect`, or `image inspect` and `container inspect`, which look among one kind. */
export const inspectCommand = (only?: Kind) =>
  defineCommand({
    operands: 'NAME|ID [NAME|ID...]',
    count: { min: 1 },
    flags: {
      format: text('Print each by a Go template', { short: 'f' }),
      json: boolean('Print JSON, which is the default', { hidden: true }),
      size: boolean('Show sizes of a container', { short: 's' }),
      type: one('Only objects of this kind', oneOf(...kinds), { value: kinds.join('|') }),
    },
    examples: [
      { says: 'the state alone', line: "tlab inspect -f '{{json .State}}' web" },
      { says: 'the address', line: "tlab inspect -f '{{.NetworkSettings.IPAddress}}' web" },
    ],
    async run({ operands, flags }) {
      const template = flags.format === undefined || flags.format === 'json' ? undefined : parseTemplate(flags.format);
      const client = connect();
      const found: unknown[] = [];
      let status = 0;
      for (const name of operands) {
        try {
          const document = await find(
            client,
            name,
            only !== undefined ? [only] : flags.type === undefined ? kinds : [flags.type],
            flags.size,
          );
          if (template === undefined) found.push(document);
          else print(template(document));
        } catch (error) {
          status = 1;
          printError(error, false);
        }
      }
      if (flags.format === 'json') print(JSON.stringify(found));
      else if (template === undefined) print(found.length === 0 ? '[]' : JSON.stringify(found, undefined, 4));
      return status;
    },
  });

export default inspectCommand();

const pathOf: Record<Kind, (name: string) => string> = {
  container: (name) => `/containers/${encodeURIComponent(name)}/json`,
  image: (name) => `/images/${name}/json`,
  network: (name) => `/networks/${encodeURIComponent(name)}`,
  volume: (name) => `/volumes/${encodeURIComponent(name)}`,
};

async function find(client: DaemonClient, name: string, among: readonly Kind[], size: boolean): Promise<unknown> {
  for (const kind of among) {
    try {
      const query = kind === 'container' && size ? { size: true } : {};
      return await client.json({ method: 'GET', path: pathOf[kind](name), query });
    } catch (error) {
      const missing = error instanceof LabError && (error.kind === 'notFound' || error.kind === 'notImplemented');
      if (!missing && !(among.length > 1 && kind !== 'container')) throw error;
    }
  }
  const what = among.length === 1 ? (among[0] ?? 'object') : 'object';
  throw new LabError('notFound', `no such ${what}: ${name}`, { hint: 'tlab ps -a, or tlab images' });
}
