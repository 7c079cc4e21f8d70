// tlab digest: how to compute each identity of an image or a file by hand: the commands, and the values that they give.
import { paint } from '../../base/colour.ts';
import { paths } from '../../base/paths.ts';
import { defineCommand } from '../command.ts';
import { connect, socketPath } from '../connection.ts';
import { boolean, one, oneOf } from '../flags/spec.ts';
import type { Identity } from '../layers/digests.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'IMAGE|./FILE',
  count: { min: 1, max: 1 },
  says: 'Digest of each blob, diff ID, chain ID, image ID, manifest and index. A file is written with a slash.',
  flags: {
    json: boolean('Print one JSON document'),
    run: boolean('Execute each command and compare', { aliases: ['check'] }),
    with: one('Take blobs out of the daemon or out of containerd', oneOf('curl', 'ctr'), { value: 'curl|ctr' }),
  },
  examples: [
    { says: 'compute all of them', line: 'tlab digest --run nginx' },
    { says: 'a layer that you have as a file', line: 'tlab digest ./layer.tar.gz' },
  ],
  async run({ operands: [name = ''], flags }) {
    const identities = await identitiesFor(name, flags.with ?? 'curl');
    const rows: Row[] = [];
    for (const identity of identities) {
      const row = flags.run ? await checked(identity) : identity;
      rows.push(row);
      if (!flags.json) for (const line of linesOf(row)) print(line);
    }
    if (flags.json) print(JSON.stringify({ schema: 'tlab.digest/1', of: name, identities: rows }, undefined, 2));
    return rows.some(({ agrees }) => agrees === false) ? 1 : 0;
  },
});

interface Row extends Identity {
  /** What the command gave. */
  computed?: string;
  agrees?: boolean;
}

async function identitiesFor(name: string, tool: 'curl' | 'ctr'): Promise<Identity[]> {
  const { ctrDoor, curlDoor, identitiesOf, identitiesOfFile } = await import('../layers/digests.ts');
  if (/^\.{0,2}\//.test(name)) return identitiesOfFile(name);
  const { imageLayers } = await import('../layers/read.ts');
  const image = await imageLayers(connect(), name);
  return identitiesOf(image, tool === 'ctr' ? ctrDoor(paths.containerdSocket) : curlDoor(socketPath(), image));
}

async function checked(identity: Identity): Promise<Row> {
  if (identity.command === undefined) return identity;
  const { runDigest } = await import('../layers/run-digest.ts');
  const computed = await runDigest(identity.command);
  return { ...identity, computed, agrees: identity.value === undefined || identity.value === computed };
}

function* linesOf({ what, value, says, command, computed, agrees }: Row): Generator<string> {
  yield `${paint.out('bold', what)}: ${says}`;
  const shown = value ?? computed;
  if (shown !== undefined) yield `  ${shown}`;
  if (command !== undefined) yield `  ${paint.out('cyan', `$ ${command}`)}`;
  if (agrees === true && value !== undefined) yield `  ${paint.out('green', 'computed: the same')}`;
  if (agrees === false) yield `  ${paint.out('red', `computed: ${computed}, which is another`)}`;
}
