// Our registry in this process, for tests: on a port of its own, its storage gone at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type RegistryServerOptions, startRegistry } from '../../src/registry/server/server.ts';

export interface OwnRegistry extends AsyncDisposable {
  host: string;
  url: string;
  storage: string;
  /** `METHOD /path → status` of every request. */
  asked: string[];
  close(): Promise<void>;
}

const open: RegistryServerOptions['access'] = {
  users: undefined,
  scheme: 'basic',
  anonymous: ['pull', 'push', 'delete'],
  isOpenHere: false,
  isReadOnly: false,
};

export async function startOwnRegistry(options: Partial<RegistryServerOptions> = {}): Promise<OwnRegistry> {
  const root = mkdtempSync(`${tmpdir()}/tlab-own-registry-`);
  const storage = options.storage ?? `${root}/storage`;
  const asked: string[] = [];
  const server = await startRegistry({
    address: '127.0.0.1',
    port: 0,
    access: open,
    ...options,
    storage,
    log: ({ method, path, status }) => asked.push(`${method} ${path} → ${status}`),
  }).catch((error: unknown) => {
    rmSync(root, { recursive: true });
    throw error;
  });
  const close = async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  };
  const host = `127.0.0.1:${server.port}`;
  return { host, url: `http://${host}`, storage, asked, close, [Symbol.asyncDispose]: close };
}
