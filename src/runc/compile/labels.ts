// Labels of Linux security modules. AppArmor: the profile that holds from execve(2) on; SELinux is refused by name.
// Rule: a label that cannot be given is refused, never dropped: whoever asks for one relies on it. crun drops it where the host lacks
// the module; runc refuses, as here. @source oci-runtime config#linux-process apparmorProfile
import type { ProcessSpec } from '../../oci/runtime-process.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, type CompileContext, refusal, unsupported } from './context.ts';

const pointer = '/process/apparmorProfile';

/** `unconfined` is what a process of a host without AppArmor is anyway. */
export function appArmorOperations(
  { host }: CompileContext,
  { apparmorProfile: profile = '' }: ProcessSpec,
): Operation[] {
  const isThere = host.securityModules.appArmor;
  if (profile === '' || (profile === 'unconfined' && !isThere)) return [];
  if (!isThere) throw unsupported(pointer, `AppArmor ("${profile}"), which this host has not,`);
  if (/\s/.test(profile)) throw refusal(pointer, `"${profile}": expected the name of a profile, without spaces`);
  return [byInit('apparmor_profile', pointer, { profile })];
}

/** @source oci-runtime config#linux-process selinuxLabel; config-linux#mount-label */
export function refuseSeLinux({ host, config }: CompileContext, process: ProcessSpec): void {
  const what = host.securityModules.seLinux ? 'SELinux' : 'SELinux, which this host has not,';
  if ((process.selinuxLabel ?? '') !== '') throw unsupported('/process/selinuxLabel', what);
  if ((config.linux?.mountLabel ?? '') !== '') throw unsupported('/linux/mountLabel', what);
}
