// Who we are to a registry: `docker login` keeps it in ~/.docker/config.json, by host. Read afresh for each pull; never written.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { defaultDomain } from '../oci/reference.ts';

export interface Credentials {
  username: string;
  password: string;
  /** An OAuth refresh token, which stands in for the password. */
  identityToken?: string;
}

/** @source docker cli config/configfile: auths */
const configSchema = v.object({
  auths: v.optional(
    v.record(v.string(), v.object({ auth: v.optional(v.string()), identitytoken: v.optional(v.string()) })),
  ),
});

/** Docker Hub's entry is named by the address that its first registry had. */
const hubKey = 'https://index.docker.io/v1/';

/** The host of an entry: older entries are addresses. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');

/** The credentials for exactly this registry; undefined when there are none. Errors: invalidArgument for a broken file. */
export async function readCredentials(domain: string, file = defaultFile()): Promise<Credentials | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let auths: Record<string, { auth?: string | undefined; identitytoken?: string | undefined }>;
  try {
    auths = v.parse(configSchema, JSON.parse(text)).auths ?? {};
  } catch (cause) {
    throw new LabError('invalidArgument', `${file}: it is no configuration of the docker command line`, { cause });
  }
  const entry =
    domain === defaultDomain ? auths[hubKey] : Object.entries(auths).find(([key]) => hostOf(key) === domain)?.[1];
  return entry === undefined ? undefined : decode(entry);
}

const defaultFile = (): string => `${process.env.DOCKER_CONFIG ?? `${homedir()}/.docker`}/config.json`;

function decode(entry: { auth?: string | undefined; identitytoken?: string | undefined }): Credentials | undefined {
  const pair = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  const credentials: Credentials = { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
  if (entry.identitytoken !== undefined && entry.identitytoken !== '') credentials.identityToken = entry.identitytoken;
  return credentials;
}

export const basicAuthorization = (credentials: Credentials): string =>
  `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
