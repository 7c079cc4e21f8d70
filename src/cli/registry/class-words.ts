// What the registry says when it has begun to serve: where it is, and how others use it.
import { networkInterfaces } from 'node:os';

export interface Served {
  address: string;
  port: number;
  isTls: boolean;
  /** What it is a cache of. */
  proxy: string | undefined;
  isClass: boolean;
  hasUsers: boolean;
}

/** Every address at which others reach it: this host's, when it listens on all. */
export function addressesOf(address: string): string[] {
  if (address !== '0.0.0.0' && address !== '::') return [address];
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map((each) => each.address);
}

export function wordsOf(served: Served): string[] {
  const { port, isTls, proxy, isClass, hasUsers } = served;
  const scheme = isTls ? 'https' : 'http';
  const hosts = addressesOf(served.address).map(
    (address) => `${address.includes(':') ? `[${address}]` : address}:${port}`,
  );
  const [first = `127.0.0.1:${port}`] = hosts;
  const lines = hosts.map(
    (host) => `registry: ${scheme}://${host}${proxy === undefined ? '' : `, a cache of ${proxy}`}`,
  );
  if (!isClass) return lines;
  const isHub = proxy?.endsWith('docker.io') === true;
  const configuration = {
    ...(isTls ? {} : { 'insecure-registries': hosts }),
    ...(isHub ? { 'registry-mirrors': [`${scheme}://${first}`] } : {}),
  };
  const path = proxy === undefined ? 'NAME' : isHub ? 'library/nginx' : 'NAME';
  return [
    ...lines,
    '',
    'on each student machine, in /etc/docker/daemon.json or /etc/tlab/daemon.json, then restart the daemon:',
    `  ${JSON.stringify(configuration)}`,
    'then:',
    isHub ? '  docker pull nginx        tlab pull nginx' : `  docker pull ${first}/${path}`,
    hasUsers
      ? 'everybody may pull; who logs in may push.'
      : `everybody may pull; only this machine may push: docker push 127.0.0.1:${port}/${path}`,
  ];
}
