// tlab system status: what of the engine is running. Status 0 when the daemon answers, 1 when it does not.
import { defineCommand } from '../../command.ts';
import { boolean } from '../../flags/spec.ts';
import { tableLines } from '../../format/table.ts';
import { print, say } from '../../terminal.ts';

export default defineCommand({
  flags: { json: boolean('Print one JSON document') },
  async run({ flags }) {
    const { engineStatus } = await import('../../../engine/status.ts');
    const parts = await engineStatus();
    if (flags.json) print(JSON.stringify(parts, undefined, 2));
    else {
      const rows = parts.map((part) => [
        part.name,
        part.state,
        part.pid === undefined ? '-' : `${part.pid}`,
        part.door,
      ]);
      for (const line of tableLines([['PROCESS', 'STATE', 'PID', 'DOOR'], ...rows], undefined)) print(line);
    }
    const isUp = parts.find((part) => part.name === 'tlabd')?.state === 'running';
    const { isDaemonOlder, olderWords } = await import('../../../engine/skew.ts');
    if (isUp && isDaemonOlder()) say(olderWords);
    return isUp ? 0 : 1;
  },
});
