// What Docker's daemon itself asks a registry: whether a login is good (POST /auth), and what a name stands for there
// (GET /distribution/{name}/json). containerd has no service for either, so this stage uses the registry client.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { parseName, parseReference } from '../../oci/reference.ts';
import type { ClientOptions } from '../../registry/client.ts';
import type { Credentials } from '../../registry/credentials.ts';
import type { RegistryConfiguration } from '../../registry/hosts.ts';
import type { Engine } from '../engine.ts';
import { registryOptions } from './registry-options.ts';

/** @source docker-api AuthConfig */
export const authConfigSchema = v.object({
  username: v.optional(v.string(), ''),
  password: v.optional(v.string(), ''),
  identitytoken: v.optional(v.string(), ''),
  serveraddress: v.optional(v.string(), ''),
});
export type AuthConfig = v.InferOutput<typeof authConfigSchema>;

/** @source docker-api POST /auth: the answer */
export interface LoginAnswer {
  Status: string;
  IdentityToken: string;
}

/** Errors: permissionDenied when they are not good; unavailable. */
export async function checkLogin(engine: Engine, auth: AuthConfig, signal: AbortSignal): Promise<LoginAnswer> {
  const { login } = await import('../../registry/login.ts');
  const credentials = credentialsOf(auth);
  if (credentials === undefined)
    throw new LabError('invalidArgument', 'login: expected username and password, or identitytoken');
  const options = { ...clientOptions(signal), credentials: async () => credentials };
  const { identityToken } = await login(auth.serveraddress, {
    configuration: configurationOf(engine),
    client: options,
  });
  return { Status: 'Login Succeeded', IdentityToken: identityToken ?? '' };
}

/** Errors: as a pull's. */
export async function describeAtRegistry(
  engine: Engine,
  { name, registryAuth, signal }: { name: string; registryAuth: string | undefined; signal: AbortSignal },
): Promise<unknown> {
  const { describe } = await import('../../registry/describe.ts');
  const credentials = registryAuth === undefined ? undefined : credentialsOf(parseHeader(registryAuth));
  const client = { ...clientOptions(signal), credentials: async () => credentials };
  const found = await describe(parseReference(name), { configuration: configurationOf(engine), client });
  return { Descriptor: found.descriptor, Platforms: found.platforms };
}

/** The tags that a repository has at its registry. Errors: as a pull's. */
export async function tagsAtRegistry(
  engine: Engine,
  { name, registryAuth, signal }: { name: string; registryAuth: string | undefined; signal: AbortSignal },
): Promise<string[]> {
  const { listTags } = await import('../../registry/tags.ts');
  const credentials = registryAuth === undefined ? undefined : credentialsOf(parseHeader(registryAuth));
  const client = { ...clientOptions(signal), credentials: async () => credentials };
  return listTags(parseName(name), { configuration: configurationOf(engine), client });
}

const clientOptions = (signal: AbortSignal): ClientOptions => ({ signal, stage: 'daemon' });

function configurationOf(engine: Engine): RegistryConfiguration {
  const { mirrors, insecureRegistries, registryRealms } = registryOptions(engine);
  return { mirrors, insecure: insecureRegistries, realms: registryRealms };
}

function credentialsOf({ username, password, identitytoken }: AuthConfig): Credentials | undefined {
  if (identitytoken !== '') return { username, password, identityToken: identitytoken };
  return username === '' ? undefined : { username, password };
}

function parseHeader(header: string): AuthConfig {
  try {
    return v.parse(authConfigSchema, JSON.parse(Buffer.from(header, 'base64').toString()));
  } catch (cause) {
    throw new LabError(
      'invalidArgument',
      'X-Registry-Auth: expected base64 of a JSON object with username and password',
      {
        cause,
      },
    );
  }
}
