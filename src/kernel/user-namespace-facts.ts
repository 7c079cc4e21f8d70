// User namespaces as `tlab doctor` sees them: whether there are any, whether ordinary users may make them, and whether layers can be
// mapped. Each host forbids them in its own way; the error of a container names the same settings (native/runc/id-map.c).
import { release } from 'node:os';
import type { Fact } from './fact.ts';

export interface UserNamespaceSettings {
  /** /proc/sys/user/max_user_namespaces */
  limit: string;
  /** /proc/sys/kernel/unprivileged_userns_clone, of Debian's kernels; '' elsewhere. */
  unprivilegedClone: string;
  /** /proc/sys/kernel/apparmor_restrict_unprivileged_userns, of Ubuntu's; '' elsewhere. */
  apparmorRestricts: string;
  /** newuidmap and newgidmap are installed. */
  hasHelpers: boolean;
}

export const userNamespaceFacts = (settings: UserNamespaceSettings): Fact[] => [
  available(settings),
  forEverybody(settings),
  mappedLayers(release()),
];

function available({ limit }: UserNamespaceSettings): Fact {
  const count = Number(limit.trim() || '0');
  return {
    id: 'user-namespaces',
    what: 'user namespaces',
    state: count > 0 ? 'ok' : 'degraded',
    seen: count > 0 ? `at most ${count}` : 'none allowed',
    needed: 'at least 1, for remapped users only',
    ...(count > 0 ? {} : { advice: 'sysctl -w user.max_user_namespaces=15000' }),
  };
}

/** @source debian kernel: unprivileged_userns_clone; ubuntu 23.10 release notes; man newuidmap(1) */
function forEverybody({ unprivilegedClone, apparmorRestricts, hasHelpers }: UserNamespaceSettings): Fact {
  const fact = {
    id: 'rootless',
    what: 'rootless tlab-runc',
    needed: 'user namespaces for everybody, the package uidmap',
  };
  const degraded = (seen: string, advice: string): Fact => ({ ...fact, state: 'degraded', seen, advice });
  if (unprivilegedClone.trim() === '0')
    return degraded('user namespaces are for root only', 'sysctl -w kernel.unprivileged_userns_clone=1');
  if (apparmorRestricts.trim() === '1')
    return degraded(
      'AppArmor takes the capabilities of new user namespaces',
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give tlab-runc a profile with userns',
    );
  if (!hasHelpers) return degraded('with the own id alone: newuidmap is not installed', 'install the package uidmap');
  return { ...fact, state: 'ok', seen: 'for every user' };
}

/** @source kernel 5.19: overlayfs on id-mapped layers */
export function mappedLayers(version: string): Fact {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > 5 || (major === 5 && minor >= 19);
  return {
    id: 'mapped-layers',
    what: 'userns-remap',
    state: isNew ? 'ok' : 'degraded',
    seen: isNew ? 'overlay takes id-mapped layers' : 'overlay takes no id-mapped layers',
    needed: 'Linux 5.19 or later',
    ...(isNew ? {} : { advice: 'leave userns-remap out of daemon.json, or boot a younger kernel' }),
  };
}
