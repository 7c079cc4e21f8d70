// tlab system stop: ends daemon and containerd. Containers go on running and are found again at the next start.
import { defineCommand } from '../../command.ts';
import { requireRoot } from '../../root.ts';
import { say } from '../../terminal.ts';

export default defineCommand({
  flags: {},
  async run() {
    requireRoot('stopping the daemon');
    const { stopEngine } = await import('../../../engine/launch.ts');
    const stopped = await stopEngine();
    say(stopped.length === 0 ? 'nothing was running' : `stopped ${stopped.join(' and ')}; containers go on running`);
    return 0;
  },
});
