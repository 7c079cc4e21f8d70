// `linux.seccomp` → one operation with the finished program. With a listener the runtime connects to the agent first: without one
// the container must not come to be, and the filtered child could not even say so.
import type { Operation } from '../plan/operations.ts';
import { flagBits, hasListener } from '../seccomp/check.ts';
import { seccompProgram } from '../seccomp/program.ts';
import { byInit, byRuntime, type CompileContext } from './context.ts';

export function seccompOperation(context: CompileContext): Operation[] {
  const profile = context.config.linux?.seccomp;
  if (profile === undefined) return [];
  const program = seccompProgram(profile);
  const filter = byInit('seccomp', '/linux/seccomp', { program, flags: flagBits(profile) });
  if (hasListener(profile)) {
    const { listenerPath: path = '', listenerMetadata: metadata = '' } = profile;
    return [byRuntime('seccomp_listener', '/linux/seccomp/listenerPath', { path, metadata }), filter];
  }
  if ((profile.listenerPath ?? '') !== '')
    context.warnings.push('no rule says SCMP_ACT_NOTIFY: the agent at linux.seccomp.listenerPath is not asked');
  return [filter];
}
