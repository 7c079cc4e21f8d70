// Debian's docker-registry on this host, or in a network namespace: the peer of every registry test.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { run, start } from './shell.ts';
import { waitUntil } from './wait.ts';

export const hasProgram = async (program: string): Promise<boolean> =>
  (await run('sh', ['-c', `command -v ${program}`])).status === 0;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RegistryOptions {
  /** Arguments of nsenter that lead into a network namespace. */
  enter?: readonly string[];
  /** In a namespace of a test's own any port is free, and two registries may have the same name there. */
  port?: number;
  /** Where its blobs are; a folder of its own, removed at the end, unless given. */
  storage?: string;
  /** Lines of YAML added at the top level of its configuration. */
  configuration?: string;
}

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  host: string;
  storage: string;
  stop(): Promise<void>;
}

export async function startDockerRegistry(options: RegistryOptions = {}): Promise<DockerRegistry> {
  const root = mkdtempSync(`${tmpdir()}/tlab-docker-registry-`);
  const storage = options.storage ?? `${root}/storage`;
  mkdirSync(storage, { recursive: true });
  const host = `127.0.0.1:${options.port ?? (await freePort())}`;
  const lines = [
    'version: 0.1',
    `storage: { filesystem: { rootdirectory: ${storage} }, delete: { enabled: true } }`,
    `http: { addr: "${host}" }`,
    options.configuration ?? '',
  ];
  writeFileSync(`${root}/config.yml`, lines.join('\n'));
  const enter = options.enter ?? [];
  const command = [
    ...(enter.length > 0 ? ['nsenter', ...enter] : []),
    'docker-registry',
    'serve',
    `${root}/config.yml`,
  ];
  const process = start(command[0] ?? '', command.slice(1));
  const stop = async () => {
    await process.stop();
    rmSync(root, { recursive: true, force: true });
  };
  const probe = [
    ...(enter.length > 0 ? ['nsenter', ...enter] : []),
    'curl',
    '-s',
    '-o',
    '/dev/null',
    `http://${host}/v2/`,
  ];
  try {
    await waitUntil(async () => (await run(probe[0] ?? '', probe.slice(1))).status === 0, {
      what: 'docker-registry',
      deadlineMs: 30_000,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, storage, stop, [Symbol.asyncDispose]: stop };
}
