// tlab system start: starts the daemon and returns when it answers.
import { paths } from '../../../base/paths.ts';
import { defineCommand } from '../../command.ts';
import { ensureDaemon } from '../../connection.ts';
import { say } from '../../terminal.ts';

export default defineCommand({
  says: 'Any command that needs the daemon starts it too, when you are root.',
  flags: {},
  async run() {
    const { answers } = await import('../../../engine/answers.ts');
    if ((await answers(paths.daemonSocket)) === 'yes') {
      say('the daemon is running already');
      return 0;
    }
    await ensureDaemon(paths.daemonSocket);
    say(`the daemon answers at ${paths.daemonSocket}`);
    return 0;
  },
});
