// Which AppArmor profile a container has. Docker writes and loads `docker-default` itself; tlab loads no profile: one in the kernel belongs to
// no container, outlives every engine, and taking it back would take it from a Docker beside us. So the default is Docker's profile where
// it is loaded, and none where it is not; seccomp, capabilities and masked paths hold without it.
import { LabError } from '../../base/errors.ts';
import type { Cause } from '../../trace/cause.ts';
import type { HostConfig } from '../schema/host-config.ts';
import type { HostFacts } from './input.ts';
import { parseSecurityOptions } from './security-options.ts';

/** @source docker daemon/apparmor_default.go */
const defaultProfile = 'docker-default';

/**
 * Undefined: the process stays as it is. Errors: notImplemented for a profile on a host without AppArmor (Docker ignores it there: who asks
 * for one relies on it), invalidArgument for one that is not loaded.
 */
export function appArmorProfile(host: HostConfig, facts: HostFacts): { profile: string; cause: Cause } | undefined {
  const asked = parseSecurityOptions(host.SecurityOpt ?? []).appArmor;
  const loaded = facts.appArmorProfiles();
  if (asked !== undefined) {
    checkAsked(asked, loaded);
    return loaded === undefined ? undefined : { profile: asked, cause: 'api:/HostConfig/SecurityOpt' };
  }
  if (loaded === undefined) return undefined;
  if (host.Privileged) return { profile: 'unconfined', cause: 'api:/HostConfig/Privileged' };
  return loaded.includes(defaultProfile) ? { profile: defaultProfile, cause: 'default:apparmor-profile' } : undefined;
}

function checkAsked(profile: string, loaded: readonly string[] | undefined): void {
  if (profile === 'unconfined') return;
  if (loaded === undefined) {
    throw new LabError('notImplemented', `security option "apparmor=${profile}": this host's kernel has no AppArmor`, {
      hint: 'leave the option away, or boot with apparmor=1 security=apparmor',
    });
  }
  if (!loaded.includes(profile)) {
    throw new LabError('invalidArgument', `security option "apparmor=${profile}": that profile is not loaded`, {
      hint: 'load it with apparmor_parser --replace FILE; aa-status lists those that are',
    });
  }
}
