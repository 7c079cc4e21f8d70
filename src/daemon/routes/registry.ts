// What speaks to registries besides a pull: push, login, and asking what a name stands for there.
import { asLabError, LabError } from '../../base/errors.ts';
import { parseReference } from '../../oci/reference.ts';
import { pushImage } from '../image/push.ts';
import { authConfigSchema, checkLogin, describeAtRegistry } from '../image/registry-questions.ts';
import { type Answer, type Call, json, type Route } from '../router.ts';
import { flowing, registryAuthOf } from './progress.ts';

async function push(call: Call): Promise<undefined> {
  const name = call.parameters.name ?? '';
  const platform = call.query.get('platform') || undefined;
  return flowing(call, (report) =>
    pushImage(call.engine, {
      name,
      tag: call.query.get('tag') ?? '',
      platform: platform === undefined ? undefined : platformText(platform),
      registryAuth: registryAuthOf(call),
      report,
      signal: call.signal,
    }),
  );
}

/** The API sends an OCI platform as JSON; people type os/architecture. @source docker-api POST /images/{name}/push: platform */
function platformText(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>;
    return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
  } catch (cause) {
    throw new LabError('invalidArgument', `platform "${text}": expected JSON with os and architecture`, { cause });
  }
}

/** Docker's clients tell a wrong password (401) from every other trouble. @source docker-api POST /auth */
async function auth(call: Call): Promise<Answer> {
  const config = await call.body(authConfigSchema);
  try {
    return json(await checkLogin(call.engine, config, call.signal));
  } catch (thrown) {
    const error = asLabError(thrown);
    if (error.kind !== 'permissionDenied') throw error;
    return json({ message: error.message, kind: error.kind }, 401);
  }
}

async function distribution(call: Call): Promise<Answer> {
  const name = call.parameters.name ?? '';
  parseReference(name);
  const { engine, signal } = call;
  return json(await describeAtRegistry(engine, { name, registryAuth: registryAuthOf(call), signal }));
}

export const registryRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/images/{name*}/push', handler: push },
  { method: 'POST', pattern: '/auth', handler: auth },
  { method: 'GET', pattern: '/distribution/{name*}/json', handler: distribution },
];
