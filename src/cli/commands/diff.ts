// tlab diff: what a container has changed in its image's files: C changed, A added, D deleted.
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'CONTAINER',
  count: { min: 1, max: 1 },
  flags: {},
  async run({ operands: [container = ''] }) {
    const path = `${containerPath(container)}/changes`;
    const changes = await connect().json<Array<{ Path: string; Kind: 0 | 1 | 2 }>>({ method: 'GET', path });
    for (const { Path, Kind } of changes) print(`${'CAD'[Kind]} ${Path}`);
    return 0;
  },
});
