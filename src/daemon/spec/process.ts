// /process of config.json: program, environment, user, directory, terminal, limits. Each value names the field it comes from.

import { hostname } from 'node:os';
import { LabError } from '../../base/errors.ts';
import { shortId } from '../../base/ids.ts';
import type { Cause } from '../../trace/cause.ts';
import { appArmorProfile } from './apparmor.ts';
import { chooseCapabilities } from './capabilities.ts';
import type { Draft } from './draft.ts';
import type { SpecInput } from './input.ts';
import { parseSecurityOptions } from './security-options.ts';

/** @source docker system/path.go: what a shell finds when an image sets no PATH */
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Argument {
  value: string;
  cause: Cause;
}

/**
 * Entrypoint and Cmd together, as Docker joins them: an entrypoint of the request drops the image's Cmd.
 * Errors: invalidArgument when there is nothing to run. @source docker-api ContainerConfig#Entrypoint
 */
export function argumentsOf(input: Pick<SpecInput, 'config' | 'image'>): Argument[] {
  const { config, image } = input;
  const isOwnEntrypoint = config.Entrypoint !== undefined;
  const entrypoint = config.Entrypoint ?? image.Entrypoint ?? [];
  // A single empty string clears the image's entrypoint: that is how the docker CLI sends --entrypoint "".
  const program = entrypoint.length === 1 && entrypoint[0] === '' ? [] : entrypoint;
  const isOwnCmd = config.Cmd !== undefined && config.Cmd.length > 0;
  const cmd = isOwnCmd ? config.Cmd : isOwnEntrypoint ? [] : image.Cmd;
  const from =
    (field: string, isOwn: boolean) =>
    (value: string): Argument => ({
      value,
      cause: isOwn ? `api:/${field}` : `image:/config/${field}`,
    });
  const all = [...program.map(from('Entrypoint', isOwnEntrypoint)), ...(cmd ?? []).map(from('Cmd', isOwnCmd))];
  if (all.length === 0)
    throw new LabError('invalidArgument', 'no command specified', { hint: 'the image has none either: give one' });
  return all;
}

const nameOf = (variable: string): string => variable.split('=', 1)[0] ?? '';

/** Default PATH and HOSTNAME, then the image's variables, then the request's; a later one replaces an earlier of that name. */
function environmentOf(input: SpecInput): Argument[] {
  const { config, image, user } = input;
  const variables = new Map<string, Argument>();
  const set = (value: string, cause: Cause): void => {
    variables.set(nameOf(value), { value, cause });
  };
  set(defaultPath, 'default:default-path');
  set(`HOSTNAME=${hostnameOf(input)}`, hostnameCause(input));
  if (config.Tty) set('TERM=xterm', 'api:/Tty');
  for (const variable of image.Env ?? []) set(variable, 'image:/config/Env');
  for (const [index, variable] of (config.Env ?? []).entries()) {
    if (variable.includes('=')) set(variable, `api:/Env/${index}`);
    else variables.delete(variable);
  }
  if (!variables.has('HOME')) set(`HOME=${user.home}`, 'default:home-of-user');
  return [...variables.values()];
}

/** In the host's network a container has the host's name. @source docker-run --hostname */
export function hostnameOf({ id, config, host }: Pick<SpecInput, 'id' | 'config' | 'host'>): string {
  if (config.Hostname) return config.Hostname;
  return host.NetworkMode === 'host' ? hostname() : shortId(id);
}

export function hostnameCause({ config, host }: Pick<SpecInput, 'config' | 'host'>): Cause {
  if (config.Hostname) return 'api:/Hostname';
  return host.NetworkMode === 'host' ? 'api:/HostConfig/NetworkMode' : 'default:hostname-from-id';
}

export function putProcess(draft: Draft, input: SpecInput): void {
  const { config, host, image } = input;
  draft.put('/process/terminal', config.Tty ? true : undefined, 'api:/Tty');
  putUser(draft, input);
  putArguments(draft, input);
  for (const variable of environmentOf(input)) draft.append('/process/env', variable.value, variable.cause);
  const cwd = config.WorkingDir || image.WorkingDir || '/';
  draft.put('/process/cwd', cwd, cwdCause(input));
  putCapabilities(draft, input);
  const security = parseSecurityOptions(host.SecurityOpt ?? []);
  const appArmor = appArmorProfile(host, input.facts);
  if (appArmor !== undefined) draft.put('/process/apparmorProfile', appArmor.profile, appArmor.cause);
  draft.put('/process/noNewPrivileges', security.noNewPrivileges || undefined, 'api:/HostConfig/SecurityOpt');
  draft.put(
    '/process/oomScoreAdj',
    host.OomScoreAdj ?? 0,
    host.OomScoreAdj ? 'api:/HostConfig/OomScoreAdj' : 'default:oom-score',
  );
  for (const [index, { Name, Soft, Hard }] of (host.Ulimits ?? []).entries()) {
    const limit = { type: `RLIMIT_${Name.toUpperCase()}`, soft: unlimited(Soft), hard: unlimited(Hard) };
    draft.append('/process/rlimits', limit, `api:/HostConfig/Ulimits/${index}`);
  }
}

/** -1 is RLIM_INFINITY, which JSON writes as the largest unsigned 64-bit number. @source man getrlimit(2) */
const unlimited = (value: number): number | bigint => (value === -1 ? 0xffff_ffff_ffff_ffffn : value);

function putUser(draft: Draft, { config, image, user, host }: SpecInput): void {
  const cause: Cause = config.User ? 'api:/User' : image.User ? 'image:/config/User' : 'default:root-user';
  draft.put('/process/user/uid', user.uid, cause);
  draft.put('/process/user/gid', user.gid, cause);
  draft.put('/process/user/additionalGids', user.additionalGids, cause);
  if ((host.GroupAdd ?? []).length > 0) draft.explain('/process/user/additionalGids', 'api:/HostConfig/GroupAdd');
}

function putArguments(draft: Draft, input: SpecInput): void {
  if (input.initProgram !== undefined) {
    const cause: Cause = input.host.Init === undefined ? 'default:init-by-configuration' : 'api:/HostConfig/Init';
    draft.append('/process/args', initTarget, cause);
    draft.append('/process/args', '--', cause);
  }
  for (const argument of argumentsOf(input)) draft.append('/process/args', argument.value, argument.cause);
}

/** Where the init program is bound. @source docker daemon/oci_linux.go: the same place */
export const initTarget = '/sbin/docker-init';

function cwdCause({ config, image }: SpecInput): Cause {
  if (config.WorkingDir) return 'api:/WorkingDir';
  return image.WorkingDir ? 'image:/config/WorkingDir' : 'default:working-directory';
}

/** A user other than root starts with empty effective and permitted sets: the bounding set alone says what it may regain. */
function putCapabilities(draft: Draft, { host, user, facts }: SpecInput): void {
  const { capabilities, cause, causes } = chooseCapabilities(host, facts.capabilities);
  for (const set of user.uid === 0 ? ['bounding', 'effective', 'permitted'] : ['bounding']) {
    const pointer = `/process/capabilities/${set}`;
    draft.put(pointer, capabilities, cause);
    for (const [index, name] of capabilities.entries()) {
      const own = causes.get(name);
      if (own !== undefined) draft.explain(`${pointer}/${index}`, own);
    }
  }
  // What is not in the list has a cause too: its name stands where the position of others does.
  for (const [name, own] of causes) {
    if (!capabilities.includes(name)) draft.explain(`/process/capabilities/bounding/${name}`, own);
  }
}
