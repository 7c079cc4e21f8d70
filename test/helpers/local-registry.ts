// Debian's docker-registry in a network namespace. Several may serve one folder, each in a namespace of its own, so that engines which
// do not see each other pull the same bytes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { run, start } from './shell.ts';
import { waitUntil } from './wait.ts';

/** A port of a namespace of a test's own: nobody else listens there. */
export const registryPort = 5000;

/** Starts it on 127.0.0.1:5000 of the namespace that `enter` (arguments of nsenter) leads into, with its blobs below `folder`. */
export async function startRegistry(enter: readonly string[], folder: string): Promise<{ stop(): Promise<void> }> {
  mkdirSync(folder, { recursive: true });
  const configuration = `${folder}/config.yml`;
  writeFileSync(
    configuration,
    `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${folder}\nhttp:\n  addr: 127.0.0.1:${registryPort}\n`,
  );
  const server = start('nsenter', [...enter, 'docker-registry', 'serve', configuration]);
  const isListening = async (): Promise<boolean> =>
    (await run('nsenter', [...enter, 'sh', '-c', `ss -Hltn 'sport = :${registryPort}' | grep -q .`])).status === 0;
  await waitUntil(isListening, { what: 'docker-registry to listen' });
  return { stop: () => server.stop() };
}
