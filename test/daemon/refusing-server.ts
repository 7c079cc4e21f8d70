// A daemon's door alone, in a process of its own: it refuses what is sent to it, before its answer has begun or in the middle of it.
// Argument: where its socket goes. Says "up" when it listens.
import { LabError } from '../../src/base/errors.ts';
import type { Engine } from '../../src/daemon/engine.ts';
import type { Call, Route } from '../../src/daemon/router.ts';
import { flowing } from '../../src/daemon/routes/progress.ts';
import { createApiServer } from '../../src/daemon/server.ts';

/** So much is read first, as a build does whose disk fills up. */
const readBytes = 1 << 20;

async function readSome({ request }: Call): Promise<void> {
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > readBytes) return;
  }
}

async function refuse(call: Call): Promise<never> {
  await readSome(call);
  throw new LabError('conflict', 'not now');
}

const routes: Route[] = [
  { method: 'POST', pattern: '/refused', handler: refuse },
  {
    method: 'POST',
    pattern: '/begun',
    handler: (call) =>
      flowing(call, async (report) => {
        report({ status: 'receiving' });
        await refuse(call);
      }),
  },
];
// Nothing of an engine is asked for.
createApiServer({} as Engine, routes).listen(process.argv[2], () => console.log('up'));
