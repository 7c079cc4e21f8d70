// `linux.seccomp` → one operation with the finished program.
import type { Operation } from '../plan/operations.ts';
import { flagBits } from '../seccomp/check.ts';
import { seccompProgram } from '../seccomp/program.ts';
import { byInit, type CompileContext } from './context.ts';

export function seccompOperation(context: CompileContext): Operation[] {
  const profile = context.config.linux?.seccomp;
  if (profile === undefined) return [];
  const flags = flagBits(profile);
  return [byInit('seccomp', '/linux/seccomp', { program: seccompProgram(profile), flags })];
}
