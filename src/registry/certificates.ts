// Whom a registry's certificate may be signed by: the authorities that Node brings, those of this host, and those that
// certs.d names for this one registry. And which certificate of our own it gets to see: NAME.cert with NAME.key beside it.
import { readdir, readFile } from 'node:fs/promises';
import { LabError } from '../base/errors.ts';
import type { ClientCertificate } from './http.ts';

/** Docker's folder, then tlab's own. @source docker docs: Verify repository client with certificates */
const folders = ['/etc/docker/certs.d', '/etc/tlab/certs.d'];

/** PEM certificates for the host, `example.com:5000`. Read for each pull: it may have been put there a moment ago. */
export async function trustedCertificates(host: string, ...places: string[]): Promise<string[]> {
  const { getCACertificates } = process.getBuiltinModule('node:tls');
  const files = await filesFor(host, places);
  // Files that end in .cert are our own certificates, not authorities.
  const authorities = await Promise.all(
    files.filter((path) => path.endsWith('.crt')).map((path) => readFile(path, 'utf8')),
  );
  return [...getCACertificates('default'), ...getCACertificates('system'), ...authorities];
}

/** The first NAME.cert of the host's folder. Errors: invalidArgument when its key is not beside it, or the reverse. */
export async function clientCertificate(host: string, ...places: string[]): Promise<ClientCertificate | undefined> {
  const files = await filesFor(host, places);
  for (const path of files.filter((each) => /\.(cert|key)$/.test(each))) {
    const other = path.endsWith('.cert') ? path.replace(/cert$/, 'key') : path.replace(/key$/, 'cert');
    if (!files.includes(other)) throw new LabError('invalidArgument', `${path}: expected ${other} beside it`);
  }
  const cert = files.find((path) => path.endsWith('.cert'));
  if (cert === undefined) return undefined;
  return { cert: await readFile(cert, 'utf8'), key: await readFile(cert.replace(/cert$/, 'key'), 'utf8') };
}

async function filesFor(host: string, places: readonly string[]): Promise<string[]> {
  // A host is a folder's name here, never a way out of it.
  if (host.includes('/') || host.startsWith('.')) return [];
  const named = (places.length === 0 ? folders : places).map((folder) => `${folder}/${host}`);
  const found = await Promise.all(
    named.map(async (folder) => (await readdir(folder).catch(() => [])).sort().map((name) => `${folder}/${name}`)),
  );
  return found.flat();
}
