// A daemon that only takes what `docker build` sends: the docker CLI is the judge of what a context holds.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Ran, run } from './shell.ts';

export interface Receiver {
  /** Runs a docker command line against it, with the classic builder. */
  build(
    args: readonly string[],
    options?: { docker?: string; input?: string },
  ): Promise<Ran & { body: Buffer; query: URLSearchParams }>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const folder = mkdtempSync('/tmp/tlab-receiver-');
  const socket = `${folder}/docker.sock`;
  let body = Buffer.alloc(0);
  let query = new URLSearchParams();
  const take = async (request: IncomingMessage): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://docker');
    if (!url.pathname.endsWith('/build')) return;
    query = url.searchParams;
    body = await buffer(request);
  };
  const server = createServer((request, response) => {
    void take(request).then(() => {
      response.writeHead(200, { 'Api-Version': '1.41', 'Content-Type': 'application/json', Ostype: 'linux' });
      response.end(request.url?.endsWith('/_ping') ? 'OK' : '{"stream":"taken"}\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    async build(args, { docker = '/usr/bin/docker', input } = {}) {
      body = Buffer.alloc(0);
      const env = { DOCKER_BUILDKIT: '0', DOCKER_CONFIG: folder };
      const ran = await run(docker, ['-H', `unix://${socket}`, 'build', ...args], {
        env,
        ...(input === undefined ? {} : { input }),
      });
      return { ...ran, body, query };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
