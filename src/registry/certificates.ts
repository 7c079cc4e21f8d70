// Whom a registry's certificate may be signed by: the authorities that Node brings, those of this host, and those that
// /etc/docker/certs.d names for this one registry.
import { readdir, readFile } from 'node:fs/promises';

/** @source docker docs: Verify repository client with certificates */
const dockerFolder = '/etc/docker/certs.d';

/** PEM certificates for the host, `example.com:5000`. Read for each pull: it may have been put there a moment ago. */
export async function trustedCertificates(host: string, folder: string = dockerFolder): Promise<string[]> {
  const { getCACertificates } = process.getBuiltinModule('node:tls');
  const own = await certificatesIn(`${folder}/${host}`);
  return [...getCACertificates('default'), ...getCACertificates('system'), ...own];
}

async function certificatesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  // Files that end in .cert are our own certificates, not authorities.
  return Promise.all(
    names.filter((name) => name.endsWith('.crt')).map((name) => readFile(`${folder}/${name}`, 'utf8')),
  );
}
