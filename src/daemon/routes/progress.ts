// Answers that flow: a JSON line a step. The status is 200 from the first line on, so an error after it is a line too.
import { withRoom } from '../../base/disk.ts';
import { paths } from '../../base/paths.ts';
import type { PullProgress } from '../protocol.ts';
import type { Call } from '../router.ts';
import { commonHeaders } from '../server.ts';

/** Runs `body` with a reporter of its progress. An error before the first line leaves as any other. */
export async function flowing<Line extends object = PullProgress>(
  { response, end }: Call,
  body: (report: (line: Line) => void) => Promise<void>,
): Promise<undefined> {
  const report = (line: Line | PullProgress): void => {
    if (!response.headersSent) response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(line)}\r\n`);
  };
  try {
    await body(report);
  } catch (error) {
    if (!response.headersSent) throw error;
    const { kind, message, hint } = withRoom(error, paths.dataRoot);
    report({
      error: message,
      errorDetail: { message },
      errorKind: kind,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  end();
  return undefined;
}

/** X-Registry-Auth as it came; undefined when the client sent none. */
export function registryAuthOf({ request }: Call): string | undefined {
  const header = request.headers['x-registry-auth'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}
