// Who we are to a registry, as docker's command line keeps it: ~/.docker/config.json, by host, or a credential helper that it names.
// Rule: the credentials of one registry are given for exactly that registry, and the file is replaced whole or not at all.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { defaultDomain } from '../oci/reference.ts';
import { callHelper, tokenUser } from './credential-helper.ts';

export interface Credentials {
  username: string;
  password: string;
  /** An OAuth refresh token, which stands in for the password. */
  identityToken?: string;
}

const entrySchema = v.looseObject({
  auth: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
});
type Entry = v.InferOutput<typeof entrySchema>;

/** What we do not know stays in the file. @source docker cli config/configfile: auths, credsStore, credHelpers */
const configSchema = v.looseObject({
  auths: v.optional(v.record(v.string(), entrySchema)),
  credsStore: v.optional(v.string()),
  credHelpers: v.optional(v.record(v.string(), v.string())),
});
type Config = v.InferOutput<typeof configSchema>;

/** Docker Hub's entry is named by the address that its first registry had. */
export const hubKey = 'https://index.docker.io/v1/';

/** How config.json and helpers call a registry. */
export const serverKey = (domain: string): string => (domain === defaultDomain ? hubKey : domain);

/** The host of an entry: older entries are addresses. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');

export const configFile = (): string => `${process.env.DOCKER_CONFIG ?? `${homedir()}/.docker`}/config.json`;

/** The credentials for exactly this registry; undefined when there are none. Errors: invalidArgument for a broken file or helper. */
export async function readCredentials(domain: string, file = configFile()): Promise<Credentials | undefined> {
  const config = await readConfig(file);
  if (config === undefined) return undefined;
  const key = serverKey(domain);
  const helper = helperOf(config, key);
  const found = helper === undefined ? undefined : await fromHelper(helper, key);
  return found ?? fromFile(config, domain);
}

/** Where a login of this registry is kept: a helper's name, or undefined for the file itself. */
const helperOf = ({ credHelpers = {}, credsStore }: Config, key: string): string | undefined => {
  const name = credHelpers[key] ?? credsStore;
  return name === '' ? undefined : name;
};

async function fromHelper(helper: string, key: string): Promise<Credentials | undefined> {
  const answer = await callHelper(helper, 'get', key);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = answer;
  return username === tokenUser
    ? { username: '', password: '', identityToken: secret }
    : { username, password: secret };
}

function fromFile({ auths = {} }: Config, domain: string): Credentials | undefined {
  const entry =
    domain === defaultDomain ? auths[hubKey] : Object.entries(auths).find(([key]) => hostOf(key) === domain)?.[1];
  return entry === undefined ? undefined : decode(entry);
}

function decode(entry: Entry): Credentials | undefined {
  const pair = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const token =
    entry.identitytoken === undefined || entry.identitytoken === '' ? {} : { identityToken: entry.identitytoken };
  if (colon >= 0) return { username: pair.slice(0, colon), password: pair.slice(colon + 1), ...token };
  if (entry.username !== undefined && entry.password !== undefined)
    return { username: entry.username, password: entry.password, ...token };
  return entry.identitytoken === undefined ? undefined : { username: '', password: '', ...token };
}

/** Keeps a login. Returns where: the helper's name, or the file that holds the password in the clear. */
export async function storeCredentials(
  domain: string,
  credentials: Credentials,
  file = configFile(),
): Promise<{ helper?: string; file?: string }> {
  const config = (await readConfig(file)) ?? {};
  const key = serverKey(domain);
  const helper = helperOf(config, key);
  const { username, password, identityToken } = credentials;
  if (helper !== undefined) {
    const secret = identityToken ?? password;
    const given = { Username: identityToken === undefined ? username : tokenUser, Secret: secret };
    await callHelper(helper, 'store', key, { given });
    await writeConfig(file, { ...config, auths: { ...config.auths, [key]: {} } });
    return { helper };
  }
  const shown = identityToken === undefined ? password : '';
  const entry = {
    auth: Buffer.from(`${username}:${shown}`).toString('base64'),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
  };
  await writeConfig(file, { ...config, auths: { ...config.auths, [key]: entry } });
  return { file };
}

/** Forgets a login. Returns false when there was none. */
export async function removeCredentials(domain: string, file = configFile()): Promise<boolean> {
  const config = await readConfig(file);
  if (config === undefined) return false;
  const key = serverKey(domain);
  const helper = helperOf(config, key);
  const had = (await readCredentials(domain, file)) !== undefined;
  if (helper !== undefined) await callHelper(helper, 'erase', key);
  const rest = Object.entries(config.auths ?? {}).filter(([each]) => each !== key && hostOf(each) !== hostOf(key));
  if (rest.length !== Object.keys(config.auths ?? {}).length)
    await writeConfig(file, { ...config, auths: Object.fromEntries(rest) });
  return had;
}

async function readConfig(file: string): Promise<Config | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new LabError('permissionDenied', `reading "${file}": ${error.code ?? error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    return v.parse(configSchema, JSON.parse(text));
  } catch (cause) {
    throw new LabError('invalidArgument', `${file}: it is no configuration of the docker command line`, { cause });
  }
}

/** Nobody else may read it; who reads it meanwhile sees the old one or the new one. */
async function writeConfig(file: string, config: Config): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(fresh, 'wx', 0o600);
    await handle.writeFile(`${JSON.stringify(config, null, '\t')}\n`);
    await handle.sync();
    await handle.close();
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

export const basicAuthorization = (credentials: Credentials): string =>
  `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
